import { kubectl } from './kubectl.ts';

/** How one attempt from inside the cluster ended: an HTTP answer, or why there was none. */
export interface Attempt {
  readonly url: string;
  readonly status?: number;
  readonly text?: string;
  readonly error?: string;
}

const SCRIPT = `
const [message, ...urls] = JSON.parse(process.argv[1]);
const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Connection: 'close' };
const attempt = async (url) => {
  try {
    const response = await fetch(url, { method: 'POST', headers, body: message, signal: AbortSignal.timeout(3000) });
    return { url, status: response.status, text: await response.text() };
  } catch (error) {
    return { url, error: String(error.cause?.code ?? error.message) };
  }
};
Promise.all(urls.map(attempt)).then((all) => console.log(JSON.stringify(all)));
`;

/** Posts one message to each URL from the namespace's client pod. */
export async function postFromPod(namespace: string, message: object, urls: readonly string[]): Promise<Attempt[]> {
  const argument = JSON.stringify([JSON.stringify(message), ...urls]);
  return JSON.parse(await kubectl(['exec', '-n', namespace, 'client', '--', '/usr/local/bin/node', '-e', SCRIPT, argument])) as Attempt[];
}
