import {
  type Authorities,
  bundleIn,
  createAuthorities,
  encodeAuthorities,
  type Judged,
  judgeAuthorities,
  keepTrusting,
  prepareNext,
  promoteNext,
  type SecretData,
} from './authorities.ts';
import { CONFLICT, type KubeApi, type KubeObject, kubePaths, type Written } from './kube-api.ts';
import { CERTIFICATE_SECRET } from './names.ts';

const MAX_ATTEMPTS = 5;
const SECRET = `Secret ${CERTIFICATE_SECRET}`;
const DEEDS = {
  good: () => `added the CA that replicas serve by to ${SECRET}, which somebody changed`,
  'next-due': () => 'made the next CA; it signs when all trust it',
  unusable: (judged: Judged) => `made a new CA; of ${SECRET}: ${'reason' in judged ? judged.reason : ''}`,
} as const;

export interface CertificateSecretOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** The apiserver's, as that is who verifies. */
  readonly clock: () => number;
  /** PEM of the CA by which this replica serves: whoever put another into the Secret did not put it into the replicas. */
  readonly serving: () => string;
  /** PEM of what was agreed on before, as other replicas may serve by it. */
  readonly trusted: () => string;
  readonly log: (message: string) => void;
}

/**
 * The authorities that all replicas agree on. Whoever is first writes them (or anew, when they are broken, emptied or at
 * their end; or the next one beside them, in good time); the others lose by the apiserver's word and read the winner's.
 *
 * @throws KubeError, and when five attempts were not enough.
 */
export async function agreeOnAuthorities({ api, namespace, clock, serving, trusted, log }: CertificateSecretOptions): Promise<Authorities> {
  const path = kubePaths.secret(namespace, CERTIFICATE_SECRET);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await api.read(path);
    const nowMs = clock();
    if (found === undefined) {
      const authorities = await createAuthorities(nowMs, `${serving()}${trusted()}`);
      const written = await api.create(kubePaths.secret(namespace), newSecret(namespace, authorities));
      if (written === CONFLICT) continue;
      log('made a CA');
      return authorities;
    }
    const data = dataOf(found);
    const judged = judgeAuthorities(data, nowMs);
    // The Secret's before what this replica remembers: where there is no room for all, two replicas would take turns else.
    const authorities = await successor(judged, `${serving()}\n${bundleIn(data)}\n${trusted()}`, nowMs);
    if (judged.state === 'good' && authorities === judged.authorities) return authorities;
    if ((await replaceData(api, path, found, authorities)) === CONFLICT) continue;
    log(DEEDS[judged.state](judged));
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

/** What is to be agreed on instead; the very same where all is well. */
async function successor(judged: Judged, others: string, nowMs: number): Promise<Authorities> {
  if (judged.state === 'unusable') return await createAuthorities(nowMs, others);
  const authorities = keepTrusting(judged.authorities, others, nowMs);
  return judged.state === 'next-due' ? await prepareNext(authorities, nowMs) : authorities;
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
