import {
  type CertificateMaterial,
  createMaterial,
  encodeMaterial,
  judgeMaterial,
  renewLeaf,
  type SecretData,
} from './certificate-material.ts';
import { CONFLICT, type KubeApi, type KubeObject, kubePaths, type Written } from './kube-api.ts';
import { CERTIFICATE_SECRET } from './names.ts';

const MAX_ATTEMPTS = 5;

export interface CertificateSecretOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly names: readonly [string, ...string[]];
  readonly clock: () => number;
  /** PEM of what apiservers trust by now: stays in the bundle when the Secret was emptied, as other replicas serve by it. */
  readonly trusted: () => string;
  readonly log: (message: string) => void;
}

/**
 * The certificate that all replicas agree on. Whoever is first writes it (or writes it anew, when it is broken, emptied
 * or ends soon); the others lose by the apiserver's word and read the winner's.
 *
 * @throws KubeError, and when five attempts were not enough.
 */
export async function agreeOnCertificate({
  api,
  namespace,
  names,
  clock,
  trusted,
  log,
}: CertificateSecretOptions): Promise<CertificateMaterial> {
  const path = kubePaths.secret(namespace, CERTIFICATE_SECRET);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await api.read(path);
    const nowMs = clock();
    if (found === undefined) {
      const material = await createMaterial(names, nowMs, trusted());
      const written = await api.create(kubePaths.secret(namespace), newSecret(namespace, material));
      if (written === CONFLICT) continue;
      log('made a certificate');
      return material;
    }
    const judged = judgeMaterial(dataOfSecret(found), names, nowMs);
    if (judged.state === 'good') return judged.material;
    const stored = Buffer.from(dataOfSecret(found)['ca.crt'] ?? '', 'base64').toString('latin1');
    const material =
      judged.state === 'leaf-due'
        ? await renewLeaf(judged.material, names, nowMs)
        : await createMaterial(names, nowMs, `${trusted()}\n${stored}`);
    if ((await replaceData(api, path, found, material)) === CONFLICT) continue;
    log(`made a new certificate; of the one in Secret ${namespace}/${CERTIFICATE_SECRET}: ${judged.reason}`);
    return material;
  }
  throw new Error(`Secret ${namespace}/${CERTIFICATE_SECRET} changed ${MAX_ATTEMPTS} times while we wanted to write it`);
}

// An object of ours with a name is enough: the type of a Secret never changes again.
function newSecret(namespace: string, material: CertificateMaterial): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: CERTIFICATE_SECRET, namespace, labels: { 'app.kubernetes.io/name': 'mcp-sluice' } },
    type: 'Opaque',
    data: encodeMaterial(material),
  };
}

function replaceData(api: KubeApi, path: string, found: KubeObject, material: CertificateMaterial): Promise<Written> {
  return api.replace(path, { ...found, data: { ...dataOfSecret(found), ...encodeMaterial(material) } });
}

function dataOfSecret(secret: KubeObject): SecretData {
  return (secret['data'] as SecretData | undefined) ?? {};
}
