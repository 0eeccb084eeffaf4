import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import * as names from '../../../webhook/names.ts';
import { parseOptions } from '../../../webhook/options.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read by path
type Manifest = any;
const root = join(import.meta.dirname, '../../..');
const overlay = join(root, 'manifests/overlays/cert-manager');
const documents = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS());
const read = (file: string): Manifest[] => documents(readFileSync(join(overlay, file), 'utf8'));
const base = documents(renderInstall(join(root, 'manifests')));
const find = (list: readonly Manifest[], kind: string, name: string): Manifest =>
  list.find((each) => each.kind === kind && each.metadata.name === name);
const [kustomization] = read('kustomization.yaml');
const [leaf, authority] = ['mcp-sluice-webhook', 'mcp-sluice-webhook-ca'].map((name) =>
  find(read('certificates.yaml'), 'Certificate', name),
);

describe('the cert-manager overlay', () => {
  it('[webhook:mounted-certificate] stands on the base that manifests/ installs, with every file of it in use', () => {
    expect(kustomization.resources).toEqual(['../../base', 'certificates.yaml']);
    expect(kustomization.patches.map(({ path }: { path: string }) => path)).toEqual(['webhook.yaml', 'rights.yaml', 'deployment.yaml']);
  });

  it('[webhook:mounted-certificate] mounts the certificate where the webhook is told to read it', () => {
    const { spec } = find(base, 'Deployment', names.SERVICE).spec.template;
    const [argument, mounts, volumes] = parse(readFileSync(join(overlay, 'deployment.yaml'), 'utf8'));
    // `add` would replace what stands there.
    expect([spec.volumes, spec.containers[0].volumeMounts]).toEqual([undefined, undefined]);
    expect(parseOptions(['--pod-name=p', '--pod-namespace=n', argument.value])).toHaveProperty(
      'options.tlsDirectory',
      mounts.value[0].mountPath,
    );
    expect([argument.path, mounts.path, volumes.path]).toEqual([
      '/spec/template/spec/containers/0/args/-',
      '/spec/template/spec/containers/0/volumeMounts',
      '/spec/template/spec/volumes',
    ]);
    expect(volumes.value).toEqual([{ name: mounts.value[0].name, secret: { secretName: leaf.spec.secretName } }]);
  });

  it('[webhook:mounted-certificate] asks for every name of the Service, from a CA that outlives the leaf by years', () => {
    expect(leaf.spec.dnsNames).toEqual(names.serviceNames(names.SYSTEM_NAMESPACE));
    expect(leaf.spec.usages).toEqual(['server auth']);
    expect(find(read('certificates.yaml'), 'Issuer', leaf.spec.issuerRef.name).spec.ca.secretName).toBe(authority.spec.secretName);
    expect(authority.spec.isCA).toBe(true);
    const hours = (text: string) => Number(/^(\d+)h$/.exec(text)?.[1]);
    expect(hours(authority.spec.duration) / hours(leaf.spec.duration)).toBeGreaterThan(100);
    expect(hours(leaf.spec.renewBefore)).toBeLessThan(hours(leaf.spec.duration) / 2);
  });

  it('[webhook:mounted-certificate] has cert-manager write caBundle, of our configuration', () => {
    const [webhook] = read('webhook.yaml');
    expect(webhook.metadata).toEqual({
      name: names.WEBHOOK_CONFIGURATION,
      annotations: { 'cert-manager.io/inject-ca-from': `${names.SYSTEM_NAMESPACE}/${leaf.metadata.name}` },
    });
  });

  it('[webhook:mounted-certificate] takes away every right on Secrets and to patch, and no other', () => {
    for (const { kind, metadata, rules } of read('rights.yaml')) {
      const kept = find(base, kind, metadata.name).rules.flatMap((rule: Manifest) => {
        const resources = rule.resources.filter((each: string) => each !== 'secrets');
        return resources.length === 0 ? [] : [{ ...rule, resources, verbs: rule.verbs.filter((verb: string) => verb !== 'patch') }];
      });
      expect(rules).toEqual(kept);
    }
  });
});
