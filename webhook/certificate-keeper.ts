import type { Logger } from 'pino';
import type { KeyPair } from './certificate.ts';
import type { KubeApi } from './kube-api.ts';
import type { Address } from './served-chain.ts';
import type { Duty } from './upkeep.ts';

export interface KeeperOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Of the Service; the first is the one that apiservers ask for. */
  readonly names: readonly [string, ...string[]];
  /** The apiserver's, as that is who verifies. */
  readonly clock: () => number;
  readonly log: Logger;
  readonly served: Served;
}

/** The server of this replica. */
export interface Served {
  serve(certificate: KeyPair): void;
  /** Where it can be asked what it serves. */
  address(): Address;
}

/** Sees to it that this replica serves a certificate that the apiserver takes. */
export interface CertificateKeeper {
  readonly duties: readonly Duty[];
  /** Why the apiserver does not take what is served, by the last look that could tell; undefined where it does. */
  distrusted(): string | undefined;
  /** Milliseconds since 1970; undefined where no CA is known. */
  authorityExpiryMs(): number | undefined;
}
