import { isPort } from '../lib/address.ts';
import { hasControlCharacter, isEnvName, isPortName } from '../lib/names.ts';
import { MOST_SERVERS } from '../lib/ports.ts';
import { quote } from '../lib/quote.ts';
import { parsed } from './parsed.ts';

/** The annotation `port`: numbers and names of container ports, in the order written. */
export const ports = parsed((text, refuse): readonly (number | string)[] => {
  // What is no list is read to the letter, as it was before there were lists.
  const written = text.includes(',') ? text.split(',').map((each) => each.trim()) : [text];
  if (written.length > MOST_SERVERS) refuse('BAD_PORT', `${written.length} ports; at most ${MOST_SERVERS} of a pod can be metered`);
  const found = written.slice(0, MOST_SERVERS).map((each) => (isPort(each) ? Number(each) : each));
  for (const [index, each] of found.entries()) {
    if (each === '' && written.length > 1) refuse('BAD_PORT', `nothing stands between two commas of ${quote(text)}, or behind the last`);
    else if (typeof each === 'string' && !isPortName(each))
      refuse(
        'BAD_PORT',
        `${quote(each)} is neither a port (1 to 65535) nor the name of one (lower-case letters, digits and "-", at most 15)`,
      );
    else if (found.indexOf(each) !== index) refuse('BAD_PORT', `${quote(String(each))} is given twice`);
  }
  return found;
});

const LONGEST_PATHS = 64;

/** The annotation `paths`. A request's path is compared byte for byte, so that what only normalises to a prefix is none. */
export const paths = parsed((text, refuse) => {
  const prefixes = text.split(',').map((prefix) => prefix.trim());
  if (prefixes.length > LONGEST_PATHS) refuse('BAD_PATH', `${prefixes.length} paths; at most ${LONGEST_PATHS} are allowed`);
  for (const [index, prefix] of prefixes.slice(0, LONGEST_PATHS).entries()) {
    const segments = prefix.slice(1).split('/');
    if (!prefix.startsWith('/')) refuse('BAD_PATH', `${quote(prefix)} does not begin with "/"`);
    else if (prefix.includes('*')) refuse('BAD_PATH', `${quote(prefix)} has "*"; a path covers everything below it already`);
    else if (prefix !== '/' && prefix.endsWith('/'))
      refuse('BAD_PATH', `${quote(prefix)} ends with "/"; write ${quote(prefix.replace(/\/+$/, '') || '/')}`);
    else if (
      segments.some((segment) => segment === '.' || segment === '..' || !/^[A-Za-z0-9._~!$&'()+=:@-]*$/.test(segment)) ||
      prefix.includes('//')
    ) {
      refuse('BAD_PATH', `${quote(prefix)} is no plain path: no ".", "..", "//", "%", ";", "?" or "#", ASCII only`);
    } else if (prefixes.indexOf(prefix) !== index) refuse('BAD_PATH', `${quote(prefix)} is given twice`);
  }
  return prefixes.includes('/') ? [] : prefixes;
});

/** The annotation `bind-env`: one NAME=value a line. */
export const bindEnv = parsed((text, refuse) => {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const found = new Map<string, { name: string; value: string }>();
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const place = { line: index + 1, column: 1 };
    const equals = line.indexOf('=');
    const name = equals === -1 ? line : line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (equals === -1) refuse('BAD_ENV', `${quote(line)} is not NAME=value`, place);
    else if (!isEnvName(name)) refuse('BAD_ENV', `${quote(name)} is no name of an environment variable`, place);
    else if (found.has(name)) refuse('BAD_ENV', `${quote(name)} is given twice`, place);
    else if (hasControlCharacter(value)) refuse('BAD_ENV', `the value of ${quote(name)} holds a control character`, place);
    found.set(name, { name, value });
  }
  if (found.size === 0) refuse('BAD_ENV', 'is empty; write NAME=value, such as HOST=127.0.0.1');
  return [...found.values()];
});
