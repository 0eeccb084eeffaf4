# A base for manifests/Dockerfile where Debian can be reached: nothing but
# glibc, libstdc++, libatomic (Node 26 needs it), CA certificates and `nft`
# with the libraries that they load; about 12 MB.
FROM debian:bookworm-slim AS packages
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates nftables libstdc++6 libatomic1 > /dev/null
RUN set -eu; lib=/usr/lib/$(uname -m)-linux-gnu; \
    { for name in libstdc++.so.6 libgcc_s.so.1 libatomic.so.1 libm.so.6 libc.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do echo $lib/$name; done; \
      echo /usr/sbin/nft; echo /etc/ssl/certs/ca-certificates.crt; echo /etc/nsswitch.conf; \
      for file in /usr/sbin/nft $lib/libstdc++.so.6; do ldd $file | grep -oE '/[^ ]+'; done; } | sort -u | \
    while read -r file; do if [ -e "$file" ]; then mkdir -p "/tree$(dirname "$file")"; cp -L "$file" "/tree$file"; fi; done; \
    mkdir -p /tree/tmp && chmod 1777 /tree/tmp; \
    printf 'root:x:0:0::/:/none\nnonroot:x:65532:65532::/:/none\n' > /tree/etc/passwd
FROM scratch
COPY --from=packages /tree/ /
