import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const sidecar = join(import.meta.dirname, '../../../sidecar');
const source = (file: string): string => readFileSync(join(sidecar, file), 'utf8');
const files = readdirSync(sidecar).filter((file) => file.endsWith('.ts'));

/** What can open a connection, and each file that does, with whom it reaches. */
const dialers: Readonly<Record<string, string>> = {
  'app-probes.ts': 'the app, at the ports that its probes name',
  'drain.ts': 'its own socket, a file',
  'entry-dial.ts': 'remote entries',
  'forward.ts': "the pod's own server",
  'entry-upstream.ts': 'remote entries, by the dialer above',
  'grpc-health.ts': 'the app, at the ports that its probes name',
  'https-get.ts': 'the issuer of tokens',
  'upstream-probe.ts': "the pod's own server",
};
const opens =
  /import \{[^}]*\b(?:connect|createConnection|request|get|fetch|Socket)\b[^}]*\} from '(?:node:(?:net|tls|http|https|http2)|undici)'|\bnew (?:Pool|Client|Agent)\(|[^.\w#]fetch\(|import \* as \w+ from '(?:node:(?:net|tls|https?|http2)|undici)'/;

it('[egress:every-connection] has one way to a remote entry, and every other dialer of the sidecar is known', () => {
  const withTypesOut = (file: string): string =>
    source(file)
      .replace(/import type [^;]*;/g, '')
      .replace(/\btype \w+/g, '');
  const found = files.filter((file) => opens.test(withTypesOut(file)));
  expect(found.toSorted()).toEqual(Object.keys(dialers).toSorted());
});

it('[egress:every-connection] gives that way to every pool of an entry', () => {
  const text = source('entry-upstream.ts');
  expect(text.match(/new Pool\(/g)).toHaveLength(1);
  expect(text).toMatch(/const dial = createDial\([\s\S]*new Pool\([^)]*\)\.origin, \{[^}]*connect: dial,/);
});
