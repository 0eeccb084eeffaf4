type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const words = (value: unknown): string =>
  Object.entries(isFields(value) ? value : {})
    .map(([name, quantity]) => `${name} ${quantity}`)
    .join(', ');

/** What Kubernetes would default anyway says nothing to a reader. */
const boring = ['terminationMessagePath', 'terminationMessagePolicy', 'imagePullPolicy'];

const shorten: Record<string, (value: unknown) => unknown> = {
  env: (value) =>
    list(value)
      .map(({ name }) => name)
      .join(', '),
  volumeMounts: (value) => list(value).map(({ name, mountPath }) => `${name} at ${mountPath}`),
  ports: (value) =>
    list(value)
      .map(({ name, containerPort, protocol }) => `${name} ${containerPort}/${protocol ?? 'TCP'}`)
      .join(', '),
  resources: (value) =>
    (isFields(value) ? Object.entries(value).map(([name, quantities]) => `${name} ${words(quantities)}`) : []).join('; '),
  lifecycle: (value) => Object.keys(isFields(value) ? value : {}).join(', '),
  securityContext: (value) => {
    const { capabilities, seccompProfile: _, ...rest } = isFields(value) ? value : {};
    const { drop, add } = isFields(capabilities) ? capabilities : {};
    const flags = Object.entries(rest).map(([name, flag]) => (flag === true ? name : flag === false ? `no ${name}` : `${name} ${flag}`));
    return [...flags, ...(drop ? [`drop ${drop}`] : []), ...(add ? [`add ${add}`] : [])].join(', ');
  },
};

function probe(value: unknown): unknown {
  const { httpGet, periodSeconds } = isFields(value) ? value : {};
  return isFields(httpGet) ? `GET :${httpGet['port']}${httpGet['path']} every ${periodSeconds ?? 10} s` : JSON.stringify(value);
}

function container(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !boring.includes(name))
      .map(([name, value]) => [name, name.endsWith('Probe') ? probe(value) : (shorten[name]?.(value) ?? value)]),
  );
}

const volume = (fields: Fields): string => `${fields['name']} (${Object.keys(fields).filter((name) => name !== 'name')})`;

/** A pod for reading: one line for what takes ten and says one thing. */
export function abridgePod(pod: Fields): Fields {
  const metadata = isFields(pod['metadata']) ? pod['metadata'] : {};
  const spec = isFields(pod['spec']) ? pod['spec'] : {};
  const parts = {
    ...(spec['initContainers'] !== undefined && { initContainers: list(spec['initContainers']).map(container) }),
    containers: list(spec['containers']).map(container),
    ...(spec['volumes'] !== undefined && { volumes: list(spec['volumes']).map(volume) }),
  };
  return { metadata: { annotations: metadata['annotations'] ?? {} }, spec: parts };
}
