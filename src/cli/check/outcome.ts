import type { Today } from '../../inject/standing.ts';
import type { ClusterReader } from '../explain/cluster.ts';

export interface Outcome {
  /** Stable, for scripts: `kubernetes-version`, `webhook-answers`, … */
  readonly check: string;
  /** `unknown`: it was not to be found out, which is no failure. */
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly message: string;
  /** What a person can do about it. */
  readonly remedy?: string;
}

export interface Answer {
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
}

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
}

/** Pods by their standing, as the webhook counts them. */
export interface Swept {
  readonly counts: Readonly<Record<'fresh' | 'stale' | 'naked' | 'forged' | 'unready', number>>;
  readonly findings: readonly { readonly what: string; readonly reason: string; readonly pod: { readonly metadata?: Metadata } }[];
}

export interface Page {
  readonly items: readonly { readonly metadata?: Metadata }[];
}

/** What `check` asks of a cluster. Nothing is written: what is sent is a dry run or a question of rights. */
export interface Cluster extends ClusterReader {
  ask(method: 'GET' | 'POST', path: string, content?: unknown): Promise<Answer>;
  list(path: string, query: { limit: number; labelSelector?: string; fieldSelector?: string }): Promise<Page>;
  sweep(today: Omit<Today, 'namespace'>, clock: () => number): Promise<Swept>;
}

/** As `Connect`, for more than reading. */
export type ConnectToCheck = (context: string | undefined) => Promise<{ readonly api: Cluster; readonly namespace: string }>;

export const SYSTEM = 'mcp-sluice-system';
export const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';

type Make = (check: string, message: string, remedy?: string) => Outcome;
const make =
  (state: Outcome['state']): Make =>
  (check, message, remedy) => ({ check, state, message, ...(remedy !== undefined && { remedy }) });
export const ok = make('ok');
export const warning = make('warning');
export const failed = make('failed');
export const unknown = make('unknown');

/**
 * One check. What may not be read is unknown; that a cluster cannot be asked at all goes up.
 */
export async function attempt(check: string, look: () => Promise<readonly Outcome[]>): Promise<readonly Outcome[]> {
  try {
    return await look();
  } catch (error) {
    if (!isAnswered(error)) throw error;
    return [unknown(check, error.status === 403 ? 'you may not read that' : error.message.slice(0, 200))];
  }
}

/** True for what the API answers with an error; it may not be there at all. */
export function isAnswered(error: unknown): error is Error & { readonly status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status !== 0;
}

/** The answer as JSON; undefined for anything but success. */
export function jsonOf({ status, body }: Answer): unknown {
  if (status < 200 || status >= 300) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What an apiserver says of a refusal: the message of its Status. */
export function messageOf({ status, body }: Answer): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, 600);
  } catch {
    // Not from an apiserver, then: what there is of it.
  }
  return `${status} ${body.slice(0, 200)}`.trim();
}
