import type { ClientInfo } from '../mcp/message.ts';

/**
 * What a client says of itself. Whoever calls can write anything there, so it is
 * bounded, decides nothing but the shape of a refusal, and stands in no log and
 * in no metric.
 */
export interface SelfDescription {
  readonly userAgent: string | undefined;
  /** Legacy: of the session's `initialize`; modern: of the request's `_meta`. */
  readonly clientInfo: ClientInfo | undefined;
}

/** A client that loses something by some shape of a refusal. */
export interface FragileClient {
  readonly product: string;
  /** Of the product, for the reader; how the program finds it out stands in `says` and `before`. */
  readonly versions: string;
  /** By which of its words it is known; the first group, where there is one, is its version. */
  readonly says: { readonly userAgent: RegExp } | { readonly clientName: RegExp };
  /** Only versions before this one, `1.2.3`. */
  readonly before?: string;
  /**
   * By an HTTP error status: the whole session, or our message and no more. By a
   * tool result with structured content: our message.
   */
  readonly loses: 'session' | 'message' | 'message-by-structured-content';
  /** Nor does it hear of an HTTP 404 that its session is gone. */
  readonly ignores404?: true;
  readonly evidence: string;
}

/**
 * What is known of clients: the one place for it. `npm run test:clients` runs
 * those that can be had, and fails once a row is missing or no longer true of them.
 */
export const fragileClients = {
  'python-mcp-1': {
    product: 'mcp (Python SDK)',
    versions: '1.x',
    // It says httpx's version, not its own; its 2.x stands on httpx2, and says that.
    says: { userAgent: /^python-httpx\// },
    loses: 'session',
    evidence:
      'Measured with 1.30.0: `raise_for_status` throws an HTTPStatusError out of its task group, which ends transport and session. ' +
      'The line stands in every 1.x from 1.9.4 on.',
  },
  'go-sdk': {
    product: 'github.com/modelcontextprotocol/go-sdk',
    versions: 'up to 1.8.0, the newest',
    says: { userAgent: /^Go-http-client\// },
    loses: 'message',
    evidence:
      'Measured with 1.8.0 in both eras: its caller learns "rejected by transport: Too Many Requests" and no more; ' +
      '`checkResponse` drops the body of a 429, 502, 503 or 504 unread.',
  },
  'mcp-remote-0.1': {
    product: 'mcp-remote',
    versions: 'before 0.1.39',
    // It puts itself behind the name of the client that it stands for; its User-Agent is only that of Node.
    says: { clientName: / \(via mcp-remote (\d+\.\d+\.\d+)[^ )]*\)$/ },
    before: '0.1.39',
    loses: 'message',
    ignores404: true,
    evidence:
      'Measured with 0.1.38: the client behind it gets no answer at all and waits for its own timeout, by a 404 of a session that is gone too. ' +
      '0.1.39, 0.1.42, 0.1.44, 0.1.45, 0.5.0, 0.10.0 and 0.15.1 pass the whole body on as the text of an error.',
  },
  vscode: {
    product: 'Visual Studio Code',
    versions: 'all',
    says: { userAgent: /^Visual Studio Code(?: - [A-Za-z]+)?\// },
    loses: 'session',
    evidence:
      'Read in its source (extHostMcp.ts): a status from 300 on, in answer to a POST, puts the server into the state "Error", without a retry. ' +
      'Not run: it needs a desktop.',
  },
  'typescript-sdk-1': {
    product: '@modelcontextprotocol/sdk (TypeScript)',
    versions: '1.x',
    // Node's own fetch. 2.x says the same, and would lose nothing.
    says: { userAgent: /^node$/ },
    loses: 'message-by-structured-content',
    evidence:
      'Measured with 1.32.2: it holds the structured content of a failed result too against the output schema of the tool, and throws ' +
      '"Structured content does not match" in place of the result. TypeScript 2.4.0, Python 1.30.0 and 2.3.0 and Go 1.8.0 do not.',
  },
} as const satisfies Readonly<Record<string, FragileClient>>;

/** Longer words than these are of no client we know. */
const LONGEST_WORDS = 256;

/** The rows of the table that a client belongs to by its own words. */
export function findFragile({ userAgent, clientInfo }: SelfDescription): readonly FragileClient[] {
  return Object.values<FragileClient>(fragileClients).filter(({ says, before }) => {
    const [words, pattern] = 'userAgent' in says ? [userAgent, says.userAgent] : [clientInfo?.name, says.clientName];
    if (words === undefined || words.length > LONGEST_WORDS) return false;
    const found = pattern.exec(words);
    return found !== null && (before === undefined || isBefore(found[1] ?? '', before));
  });
}

/** Whether `1.9.0` comes before `1.10.0`. */
function isBefore(version: string, limit: string): boolean {
  const own = version.split('.').map(Number);
  const other = limit.split('.').map(Number);
  const at = other.findIndex((part, index) => part !== own[index]);
  return at >= 0 && (own[at] ?? 0) < (other[at] ?? 0);
}
