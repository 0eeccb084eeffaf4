import { get } from 'node:http';
import { isIP } from 'node:net';
import { ADMIN_PORT } from '../src/lib/ports.ts';

const TIMEOUT_MS = 2000;
const MAX_BYTES = 16 * 1024;
const MAX_LENGTH = 500;

/** One line, as whoever runs in the pod could have written it. */
export function plainText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}

/**
 * What a sidecar says that it still waits for: its `/readyz`, at the address that the kubelet reported. Undefined where
 * it cannot be asked (a NetworkPolicy, or it is gone) or waits for nothing.
 */
export async function askSidecar(podIp: string, port = ADMIN_PORT): Promise<string | undefined> {
  if (isIP(podIp) === 0) return undefined;
  const text = await fetchText(podIp, port).catch(() => '');
  try {
    const { checks } = JSON.parse(text) as { checks?: Readonly<Record<string, unknown>> };
    const open = Object.entries(checks ?? {}).filter(([, detail]) => typeof detail === 'string' && detail !== 'ok');
    return open.length === 0 ? undefined : plainText(open.map(([name, detail]) => `${name}: ${detail}`).join('; '));
  } catch {
    return undefined;
  }
}

function fetchText(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ host, port, path: '/readyz', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BYTES) response.destroy(new Error('too much to say'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    asked.on('error', reject);
  });
}
