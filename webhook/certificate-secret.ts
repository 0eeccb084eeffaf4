import {
  type Authorities,
  bundleIn,
  createAuthorities,
  encodeAuthorities,
  type Judged,
  judgeAuthorities,
  prepareNext,
  promoteNext,
  type SecretData,
} from './authorities.ts';
import { CONFLICT, type KubeApi, type KubeObject, kubePaths, type Written } from './kube-api.ts';
import { CERTIFICATE_SECRET } from './names.ts';

const MAX_ATTEMPTS = 5;

export interface CertificateSecretOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** The apiserver's, as that is who verifies. */
  readonly clock: () => number;
  /** PEM of what apiservers trust by now: stays in the bundle when the Secret was emptied, as other replicas serve by it. */
  readonly trusted: () => string;
  readonly log: (message: string) => void;
}

/**
 * The authorities that all replicas agree on. Whoever is first writes them (or anew, when they are broken, emptied or at
 * their end; or the next one beside them, in good time); the others lose by the apiserver's word and read the winner's.
 *
 * @throws KubeError, and when five attempts were not enough.
 */
export async function agreeOnAuthorities({ api, namespace, clock, trusted, log }: CertificateSecretOptions): Promise<Authorities> {
  const path = kubePaths.secret(namespace, CERTIFICATE_SECRET);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await api.read(path);
    const nowMs = clock();
    if (found === undefined) {
      const authorities = await createAuthorities(nowMs, trusted());
      const written = await api.create(kubePaths.secret(namespace), newSecret(namespace, authorities));
      if (written === CONFLICT) continue;
      log('made a CA');
      return authorities;
    }
    const data = dataOf(found);
    const judged = judgeAuthorities(data, nowMs);
    if (judged.state === 'good') return judged.authorities;
    const authorities = await successor(judged, `${trusted()}\n${bundleIn(data)}`, nowMs);
    if ((await replaceData(api, path, found, authorities)) === CONFLICT) continue;
    log(
      judged.state === 'next-due'
        ? 'made the next CA; it signs when all trust it'
        : `made a new CA; of Secret ${namespace}/${CERTIFICATE_SECRET}: ${judged.reason}`,
    );
    return authorities;
  }
  throw new Error(`Secret ${namespace}/${CERTIFICATE_SECRET} changed ${MAX_ATTEMPTS} times while we wanted to write it`);
}

/**
 * Has the next authority sign, where the Secret still names this one. False: another replica was faster, or somebody
 * changed it; the next look tells.
 *
 * @throws KubeError.
 */
export async function promoteInSecret(
  { api, namespace, clock }: Pick<CertificateSecretOptions, 'api' | 'namespace' | 'clock'>,
  agreed: Authorities,
): Promise<boolean> {
  const path = kubePaths.secret(namespace, CERTIFICATE_SECRET);
  const found = await api.read(path);
  const judged = found && judgeAuthorities(dataOf(found), clock());
  if (found === undefined || judged?.state !== 'good' || judged.authorities.next?.certificate !== agreed.next?.certificate) return false;
  return (await replaceData(api, path, found, promoteNext(judged.authorities, clock()))) !== CONFLICT;
}

function successor(judged: Exclude<Judged, { state: 'good' }>, trusted: string, nowMs: number): Promise<Authorities> {
  return judged.state === 'next-due' ? prepareNext(judged.authorities, nowMs) : createAuthorities(nowMs, trusted);
}

// An object of ours with a name is enough: the type of a Secret never changes again.
function newSecret(namespace: string, authorities: Authorities): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: CERTIFICATE_SECRET, namespace, labels: { 'app.kubernetes.io/name': 'mcp-sluice' } },
    type: 'Opaque',
    data: encodeAuthorities(authorities),
  };
}

// Nothing of what was there stays: a key that is used no more is not to lie about.
function replaceData(api: KubeApi, path: string, found: KubeObject, authorities: Authorities): Promise<Written> {
  return api.replace(path, { ...found, data: encodeAuthorities(authorities) });
}

function dataOf(secret: KubeObject): SecretData {
  return (secret['data'] as SecretData | undefined) ?? {};
}
