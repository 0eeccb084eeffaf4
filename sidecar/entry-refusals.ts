import type { RemoteEntry } from '../src/settings/settings.ts';
import { EntryFault } from './entry-fault.ts';
import type { UpstreamRefusal } from './forward.ts';

const refusal = (rung: string, status: number, message: string): UpstreamRefusal => ({ rung: `entry:${rung}`, status, message });

const wait = (seconds: number): Pick<UpstreamRefusal, 'headers' | 'data'> => ({
  headers: { 'Retry-After': String(seconds) },
  data: { retryAfterSeconds: seconds },
});

/** Files are looked at every second; what was created a moment ago may be there by then. */
const LOOK_AGAIN_SECONDS = 5;

/** What the client reads where the remote could not be asked or did not answer; undefined for an error that says nothing of that. */
export function ofFault(error: Error): UpstreamRefusal | undefined {
  if (!(error instanceof EntryFault)) return undefined;
  const { reason, status, message, retryAfterSeconds } = error;
  if (retryAfterSeconds === undefined) return refusal(reason, status, message);
  return { ...refusal(reason, status, message), headers: { 'Retry-After': String(retryAfterSeconds) }, data: { retryAfterSeconds } };
}

export const headerMissing = (problem: string): UpstreamRefusal => ({
  ...refusal('header-missing', 503, problem),
  ...wait(LOOK_AGAIN_SECONDS),
});

export const skipped = (name: string, reasons: string): UpstreamRefusal =>
  refusal('skipped', 503, `Remote entry "${name}" is left out, as its configuration is not valid: ${reasons}`);

/** `/.well-known/…` too: clients that meet a 401 look there for a login. */
export function unknownEntry(target: string, names: readonly string[]): UpstreamRefusal {
  const known = names.length === 0 ? 'there are none' : `there are: ${names.map((name) => `/${name}`).join(', ')}`;
  const login = target.startsWith('/.well-known/')
    ? ' A login (OAuth) is not offered here: what an entry sends to its remote is set by "headers" of remote-entries.'
    : '';
  return refusal('unknown', 404, `No remote entry is at this path; ${known}.${login}`);
}

export function elsewhere({ name, transport }: RemoteEntry): UpstreamRefusal {
  const where =
    transport === 'sse'
      ? `the stream of entry "${name}" is at /${name}, and messages go where the stream said, as long as it is open`
      : `entry "${name}" has one address, /${name}, without a query`;
  return refusal('path', 404, `Nothing is here: ${where}.`);
}

/** RFC 9110 §15.5.6: names what may be. */
export const methodRefused = ({ name }: RemoteEntry): UpstreamRefusal => ({
  ...refusal('method', 405, `Entry "${name}" takes POST, GET and DELETE only, as MCP uses no other method.`),
  headers: { Allow: 'POST, GET, DELETE, HEAD, OPTIONS' },
});

/**
 * A remote's 401. The app could not answer it: its own credentials go no further than this listener, and a token
 * for `http://127.0.0.1` as its resource would be none for the remote (RFC 8707 §2; RFC 9728 §3.3 has clients refuse
 * metadata of another resource). As 401 it would begin a login that cannot end.
 */
export function loginAsked({ name, headers }: RemoteEntry): UpstreamRefusal {
  const remedy =
    headers.length === 0
      ? 'Name a Secret that holds the value of its Authorization header: headers: [{name: Authorization, secret: …, key: …}] in remote-entries.'
      : `It did not accept ${headers.map((header) => `${header.name} (Secret "${header.secret}", key "${header.key}")`).join(', ')}: renew it there; a new value is taken up without a restart.`;
  return refusal('login', 502, `Remote entry "${name}" asks for a login (401), which the app cannot give through the sidecar. ${remedy}`);
}

export const foreignEndpoint = (name: string): UpstreamRefusal =>
  refusal(
    'foreign-endpoint',
    502,
    `Remote entry "${name}" sends messages to another origin than its own, where nothing is verified. ` +
      'Have it announce an address of its own, or make the other origin the url of the entry.',
  );

export const codedStream = (name: string): UpstreamRefusal =>
  refusal(
    'coded-stream',
    502,
    `Remote entry "${name}" compresses its stream of events, so that nobody sees where it sends messages. Turn that off for it there.`,
  );
