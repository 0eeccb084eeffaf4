# To be read by a script in a network namespace of its own: makes it a pod's, with addresses of both families, and a
# second one beside it. "$node" is to be set. `ask` asks from the second one; what `background` starts ends with the script.
pids=
trap 'kill $pids 2> /dev/null || true' EXIT
background() { "$@" & pids="$pids $!"; }

ip link set lo up
ip link add pod0 type veth peer name peer0
background unshare -n sleep 60
peer=$!
while [ "$(readlink /proc/$peer/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set peer0 netns "$peer"
ask() { nsenter -t "$peer" -n "$node" -e '
  const { request } = require("node:http");
  const [url, body] = process.argv.slice(1);
  const done = request(url, { method: body ? "POST" : "GET", timeout: 5000 }, (response) => {
    let text = "";
    response.on("data", (chunk) => { text += chunk; });
    response.on("end", () => console.log(response.statusCode, text.trim()));
  });
  done.on("error", (error) => console.log("ERROR", error.code));
  done.on("timeout", () => done.destroy());
  done.end(body);
' "$@"; }
ip addr add 10.9.9.1/24 dev pod0
ip -6 addr add fd99::1/64 dev pod0 nodad
ip link set pod0 up
nsenter -t "$peer" -n sh -c 'ip link set lo up; ip addr add 10.9.9.2/24 dev peer0; ip -6 addr add fd99::2/64 dev peer0 nodad; ip link set peer0 up'
