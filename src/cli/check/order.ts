import { listAt } from '../../inject/raw.ts';
import { attempt, type Cluster, type Outcome, ok, REGISTRATION } from './outcome.ts';

/** Mutating webhooks on pods, in the order in which an apiserver asks them (by name). */
export function checkOrder(api: Cluster): Promise<readonly Outcome[]> {
  return attempt('webhook-order', async () => {
    const { items } = await api.list(`${REGISTRATION}/mutatingwebhookconfigurations`, { limit: 200 });
    const names = items
      .filter(isOnPods)
      .map(({ metadata }) => metadata?.name ?? '')
      .sort();
    const at = names.indexOf('mcp-sluice');
    if (at === -1) return [];
    const after = names.slice(at + 1);
    const told = `asked on pods, in this order: ${names.join(', ')}`;
    if (after.length === 0) return [ok('webhook-order', told)];
    return [
      ok(
        'webhook-order',
        `${told}; after ${after.length === 1 ? 'the one' : 'those'} behind us, which may change what we made, we are asked again`,
      ),
    ];
  });
}

function isOnPods(configuration: object): boolean {
  return listAt(configuration, 'webhooks').some((webhook) =>
    listAt(webhook, 'rules').some((rule) => {
      const has = (field: string, words: readonly string[]) => listAt(rule, field).some((each) => words.includes(String(each)));
      return has('apiGroups', ['', '*']) && has('resources', ['pods', '*', '*/*', 'pods/*']) && has('operations', ['CREATE', '*']);
    }),
  );
}
