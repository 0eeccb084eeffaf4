import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderInstall } from '../../../src/build/install-yaml.ts';
import { VERSION } from '../../../src/inject/stamp.ts';
import * as names from '../../../webhook/names.ts';
import { parseOptions } from '../../../webhook/options.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are read by path
type Manifest = any;
const directory = join(import.meta.dirname, '../../../manifests');
const manifests: Manifest[] = parseAllDocuments(renderInstall(directory)).map((document) => document.toJS());
const find = (kind: string, name: string): Manifest => manifests.find((each) => each.kind === kind && each.metadata.name === name);
const webhook = () => find('MutatingWebhookConfiguration', names.WEBHOOK_CONFIGURATION).webhooks[0];
const policies = () => manifests.filter((each) => each.kind === 'ValidatingAdmissionPolicy');
const pod = () => find('Deployment', names.SERVICE).spec.template.spec;

describe('manifests', () => {
  it('[webhook:install-yaml] install.yaml is in step, and no file is forgotten', () => {
    expect(readFileSync(join(directory, 'install.yaml'), 'utf8')).toBe(renderInstall(directory));
    const files = readdirSync(join(directory, 'base')).filter((file) => file !== 'kustomization.yaml');
    const listed = readFileSync(join(directory, 'base/kustomization.yaml'), 'utf8').match(/(?<=^ {2}- ).*\.yaml$/gm);
    expect(listed?.toSorted()).toEqual(files.toSorted());
    expect(parse(readFileSync(join(directory, 'kustomization.yaml'), 'utf8')).resources).toEqual(['base']);
  });

  it('show an overlay that kustomize reads: what begins with "[" it takes for JSON', () => {
    const text = readFileSync(join(directory, 'kustomization.yaml'), 'utf8');
    const [example = ''] = text.match(/(?<=^#\n)(# {2}.*\n)+/m) ?? [];
    const [{ patch }] = parse(example.replaceAll(/^# {3}/gm, '')).patches;
    expect(patch).not.toMatch(/^\s*\[/);
    expect(parse(patch)).toEqual([
      { op: 'add', path: expect.stringMatching(/args\/-$/), value: expect.stringMatching(/^--default-redis=/) },
    ]);
  });

  it('have everything in one namespace, under the names that the program knows', () => {
    const namespaced = manifests.filter((each) => !/^(Namespace|Cluster|Validating|Mutating)/.test(each.kind));
    expect(new Set(namespaced.map((each) => each.metadata.namespace))).toEqual(new Set([names.SYSTEM_NAMESPACE]));
    expect(find('ConfigMap', names.IMAGES_CONFIG_MAP)).not.toHaveProperty('data');
    expect(webhook().clientConfig).toEqual({
      service: {
        namespace: names.SYSTEM_NAMESPACE,
        name: names.SERVICE,
        path: '/mutate',
        port: find('Service', names.SERVICE).spec.ports[0].port,
      },
    });
    expect(pod().containers.map((each: Manifest) => each.name)).toEqual([names.WEBHOOK_CONTAINER]);
    expect(pod().containers[0].image).toMatch(new RegExp(`:${VERSION}$`));
  });

  it('start the webhook with options that it knows', () => {
    const argv = pod()
      .containers[0].args.slice(1)
      .map((each: string) => each.replace('$(POD_NAME)', 'p').replace('$(POD_NAMESPACE)', 'n'));
    expect(parseOptions(argv)).toHaveProperty('options');
  });

  it('[webhook:registration] never make anybody wait for us', () => {
    expect(webhook()).toMatchObject({
      ...{ failurePolicy: 'Ignore', timeoutSeconds: 3, reinvocationPolicy: 'IfNeeded', sideEffects: 'None', matchPolicy: 'Equivalent' },
    });
    expect(webhook().matchConditions).toHaveLength(3);
  });

  it("[webhook:registration] bring us annotations wherever we judge them, those of a CronJob's Jobs too", () => {
    const asked: string = webhook().matchConditions[0].expression;
    const places = ['metadata.?', '?spec.template.metadata.', '?spec.jobTemplate.spec.template.metadata.', '?spec.jobTemplate.metadata.'];
    for (const place of places) expect(asked).toContain(`object.${place}annotations.orValue({}).exists(`);
  });

  it('[policy:selector] have one namespace selector for webhook and policies', () => {
    for (const policy of policies()) expect(policy.spec.matchConstraints.namespaceSelector).toEqual(webhook().namespaceSelector);
    expect(JSON.stringify(webhook().namespaceSelector)).toMatch(/kube-system.*mcp-sluice-system.*ignore/);
  });

  it('judge what the webhook mutates, no more and no less', () => {
    const rules = (list: readonly Manifest[]) => list.map(({ resources, operations }) => [resources, operations]);
    const unlabelled = policies().filter((policy) => policy.spec.matchConstraints.objectSelector === undefined);
    expect(unlabelled.flatMap((policy) => rules(policy.spec.matchConstraints.resourceRules))).toEqual(rules(webhook().rules));
  });

  it('[policy:fail] fail closed, and without the named images refuse', () => {
    for (const policy of policies()) expect(policy.spec.failurePolicy).toBe('Fail');
    expect(find('ValidatingAdmissionPolicyBinding', 'mcp-sluice-images').spec).toEqual({
      policyName: 'mcp-sluice-images',
      validationActions: ['Deny'],
      paramRef: { name: names.IMAGES_CONFIG_MAP, namespace: names.SYSTEM_NAMESPACE, parameterNotFoundAction: 'Deny' },
    });
  });

  it('[policy:unlabelled] look for a parameter for labelled pods alone, as a missing one refuses all that is selected', () => {
    const labelled = { matchLabels: { 'mcp-sluice.dev/injected': 'true' } };
    const withParameter = policies().filter((policy) => policy.spec.paramKind !== undefined);
    expect(withParameter.map((policy) => policy.spec.matchConstraints.objectSelector)).toEqual([labelled]);
    const [pods, images] = [find('ValidatingAdmissionPolicy', 'mcp-sluice-pods'), find('ValidatingAdmissionPolicy', 'mcp-sluice-images')];
    expect(images.spec.matchConditions).toEqual(pods.spec.matchConditions);
  });

  it('[webhook:least-rbac] give no verb on Secrets but on our own, and no wildcard', () => {
    const rules = manifests
      .filter((each) => /Role$/.test(each.kind))
      .flatMap((each) => each.rules.map((rule: Manifest) => ({ ...rule, kind: each.kind })));
    expect(rules.filter((rule) => rule.resources.includes('secrets'))).toEqual([
      { kind: 'Role', apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['create'] },
      { kind: 'Role', apiGroups: [''], resources: ['secrets'], resourceNames: [names.CERTIFICATE_SECRET], verbs: ['get', 'update'] },
    ]);
    expect(JSON.stringify(rules)).not.toContain('*');
    expect(find('ClusterRole', names.SERVICE).rules.filter((rule: Manifest) => rule.verbs.some((verb: string) => verb !== 'get'))).toEqual([
      expect.objectContaining({ resources: ['mutatingwebhookconfigurations'], resourceNames: ['mcp-sluice'], verbs: ['get', 'patch'] }),
    ]);
  });

  it('[report:optional] have the rights of the report in a role of its own, which can be left out', () => {
    expect(find('ClusterRole', 'mcp-sluice-report').rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    ]);
    expect(manifests.filter((each) => each.kind === 'ClusterRole').map((each) => each.metadata.name)).toEqual([
      ...['mcp-sluice-webhook', 'mcp-sluice-report'],
    ]);
  });

  it('[webhook:restricted] run the webhook under restricted', () => {
    expect(find('Namespace', names.SYSTEM_NAMESPACE).metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    expect(pod().containers[0].securityContext).toMatchObject({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
      ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
    });
  });
});
