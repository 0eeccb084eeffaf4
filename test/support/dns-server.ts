import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

/** Addresses of a name, `unknown` for NXDOMAIN, `failing` for SERVFAIL, `silent` for no answer. */
export type DnsAnswer = readonly string[] | 'unknown' | 'failing' | 'silent';

export interface DnsServer {
  /** `address:port`, for `Resolver.setServers`. */
  readonly address: string;
  /** `name type`, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

const rcodes = { unknown: 3, failing: 2 } as const;

/** A DNS server on loopback (RFC 1035 §4) that answers each question as it is told to, with nothing to be cached. */
export async function startDnsServer(answer: (name: string, type: 'A' | 'AAAA') => DnsAnswer): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const { name, type, question } = readQuestion(query);
    asked.push(`${name} ${type}`);
    const said = answer(name, type);
    if (said === 'silent') return;
    const records = typeof said === 'string' ? [] : said.filter((address) => isIPv4(address) === (type === 'A')).map(record);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // A response, with recursion asked for and to be had.
    header.writeUInt16BE(0x8180 | (typeof said === 'string' ? rcodes[said] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: 'A' | 'AAAA'; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: query.readUInt16BE(at + 1) === 28 ? 'AAAA' : 'A',
    question: query.subarray(12, at + 5),
  };
}

/** Of the name that was asked for (a pointer to it), class IN, for no time. */
function record(address: string): Buffer {
  const isV4 = isIPv4(address);
  const head = Buffer.from([0xc0, 12, 0, isV4 ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, isV4 ? 4 : 16]);
  return Buffer.concat([head, isV4 ? Buffer.from(address.split('.').map(Number)) : ipv6(address)]);
}

function ipv6(address: string): Buffer {
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const middle = new Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return Buffer.from([...groups(head), ...middle, ...groups(tail)].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
