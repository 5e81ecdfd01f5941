// The client of @medplum/core, every call of it that R4 knows. Writes [what, whether it was right], one a line.
import { MedplumClient } from '@medplum/core';

const say = (what, right) => console.log(JSON.stringify([what, Boolean(right)]));
const url = new URL(process.env.BASE);
const client = new MedplumClient({ baseUrl: `${url.origin}/`, fhirUrlPath: 'fhir', cacheTime: 0, autoBatchTime: 0, fetch });
const system = 'urn:oid:2.999.10.1';

const made = await client.createResource({ resourceType: 'Patient', identifier: [{ system, value: '1' }], name: [{ family: 'Ødegård' }] });
say('create', made.id && made.meta.versionId === '1');
say('read', (await client.readResource('Patient', made.id)).name[0].family === 'Ødegård');
say('read a reference', (await client.readReference({ reference: `Patient/${made.id}` })).id === made.id);
const body = { resourceType: 'Patient', identifier: [{ system, value: '1' }] };
say('create if none exists', (await client.createResourceIfNoneExist(body, `identifier=${system}|1`)).id === made.id);
const updated = await client.updateResource({ ...made, gender: 'female' });
say('update', updated.meta.versionId === '2');
const upserted = await client.upsertResource({ resourceType: 'Patient', identifier: [{ system, value: '2' }], name: [{ family: 'Lind' }], active: true }, { identifier: `${system}|2` });
say('upsert creates', upserted.id !== made.id);
const again = await client.upsertResource({ ...upserted, active: false }, { identifier: `${system}|2` });
say('upsert updates', again.id === upserted.id && again.active === false);
const patched = await client.patchResource('Patient', made.id, [{ op: 'test', path: '/gender', value: 'female' }, { op: 'add', path: '/active', value: true }]);
say('patch', patched.active === true && patched.meta.versionId === '3');
say('version', (await client.readVersion('Patient', made.id, '1')).gender === undefined);
say('history', (await client.readHistory('Patient', made.id)).entry.length === 3);
const urn = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a';
const seen = (reference) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference } });
const batch = await client.executeBatch({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { resource: seen(urn), request: { method: 'POST', url: 'Observation' } },
    { fullUrl: urn, resource: { resourceType: 'Patient', name: [{ family: 'Lie' }] }, request: { method: 'POST', url: 'Patient' } },
  ],
});
say('transaction', batch.entry.every((one) => one.response.status.startsWith('201')));
say('references resolved', batch.entry[0].resource.subject.reference === `Patient/${batch.entry[1].resource.id}`);
for (let number = 0; number < 5; number += 1) await client.createResource(seen(`Patient/${made.id}`));
const bundle = await client.search('Observation', { subject: `Patient/${made.id}`, _count: 2, _total: 'accurate' });
say('search', bundle.total === 5 && bundle.entry.length === 2);
say('search one', (await client.searchOne('Patient', `identifier=${system}|1`)).id === made.id);
say('search resources', (await client.searchResources('Patient', 'family=Lie')).length === 1);
let pages = 0;
for await (const page of client.searchResourcePages('Observation', `subject=Patient/${made.id}&_count=2`)) pages += page.length;
say('pages', pages === 5);
say('everything', (await client.readPatientEverything(made.id)).entry.length === 6);
say('validate', (await client.validateResource(made)).issue.every((one) => one.severity !== 'error'));
const refused = await client.createResource({ resourceType: 'Patient', gender: 'robot' }).catch((error) => error);
say('an error is an outcome', refused.outcome?.resourceType === 'OperationOutcome');
const missing = await client.readResource('Patient', 'nobody').catch((error) => error);
say('not found', missing.outcome?.issue[0].code === 'not-found');
const binary = await client.createBinary({ data: 'Hei!', contentType: 'text/plain' }).catch((error) => error);
say('a binary is kept, or refused with an outcome', binary.resourceType === 'Binary' || binary.outcome?.resourceType === 'OperationOutcome');
await client.deleteResource('Patient', made.id);
const gone = await client.readResource('Patient', made.id).catch((error) => error);
say('delete', gone.outcome?.resourceType === 'OperationOutcome');
