import { spawn } from 'node:child_process';

/** Runs `use` with the local URL of a port-forward to a pod's port. */
export async function withPortForward<T>(namespace: string, pod: string, port: number, use: (url: URL) => Promise<T>): Promise<T> {
  const child = spawn('kubectl', ['port-forward', '-n', namespace, `pod/${pod}`, `:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await new Promise<URL>((resolve, reject) => {
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /127\.0\.0\.1:(\d+) ->/.exec(printed);
        if (found) resolve(new URL(`http://127.0.0.1:${found[1]}/mcp`));
      });
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`kubectl port-forward ended with ${code}: ${printed}`)));
    });
    return await use(url);
  } finally {
    child.kill();
  }
}
