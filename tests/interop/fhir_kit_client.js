// fhir-kit-client, every call that it offers. Writes [what, whether it was right], one a line.
import { Client } from 'fhir-kit-client';

const say = (what, right) => console.log(JSON.stringify([what, Boolean(right)]));
const client = new Client({ baseUrl: process.env.BASE });
const number = (value) => [{ system: 'urn:oid:2.999.10.1', value }];

say('capabilities', (await client.capabilityStatement()).fhirVersion === '4.0.1');
const made = await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', identifier: number('1'), name: [{ family: 'Ødegård' }] } });
say('create', made.id && made.name[0].family === 'Ødegård');
const read = await client.read({ resourceType: 'Patient', id: made.id });
say('read', read.meta.versionId === '1');
const updated = await client.update({ resourceType: 'Patient', id: made.id, body: { ...read, gender: 'female' } });
say('update', updated.meta.versionId === '2' && updated.gender === 'female');
const conditional = await client.update({ resourceType: 'Patient', searchParams: { identifier: 'urn:oid:2.999.10.1|1' }, body: { ...read, active: true } });
say('conditional update', conditional.id === made.id && conditional.active === true);
const patched = await client.patch({ resourceType: 'Patient', id: made.id, jsonPatch: [{ op: 'replace', path: '/active', value: false }] });
say('patch', patched.active === false);
say('vread', (await client.vread({ resourceType: 'Patient', id: made.id, version: '1' })).active === undefined);
say('history of a resource', (await client.history({ resourceType: 'Patient', id: made.id })).total === 4);
say('history of a type', (await client.history({ resourceType: 'Patient' })).total === 4);
say('history of the system', (await client.history()).total === 4);
const batch = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${made.id}` } }] } });
say('batch', batch.type === 'batch-response' && batch.entry[0].resource.id === made.id);
const entries = [...Array(7).keys()].map((n) => ({
  resource: { resourceType: 'Observation', status: 'final', code: { text: `${n}` }, subject: { reference: `Patient/${made.id}` } },
  request: { method: 'POST', url: 'Observation' },
}));
say('transaction', (await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: entries } })).entry.length === 7);
const first = await client.search({ resourceType: 'Observation', searchParams: { _count: 3, subject: `Patient/${made.id}` } });
say('search', first.total === 7 && first.entry.length === 3);
const second = await client.nextPage({ bundle: first });
say('next page', second.entry.length === 3 && second.entry[0].resource.id !== first.entry[0].resource.id);
const back = await client.prevPage({ bundle: second });
say('previous page', back.entry.map((one) => one.resource.id).join() === first.entry.map((one) => one.resource.id).join());
const posted = await client.resourceSearch({ resourceType: 'Observation', searchParams: { code: 'x', subject: made.id }, options: { postSearch: true } });
say('search by POST', posted.resourceType === 'Bundle');
const compartment = { resourceType: 'Patient', id: made.id };
say('compartment', (await client.compartmentSearch({ resourceType: 'Observation', compartment })).total === 7);
say('system search', (await client.systemSearch({ searchParams: { _type: 'Patient,Observation', _count: 50 } })).total === 8);
const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id: made.id, method: 'get' });
say('operation', everything.total === 8);
const valid = await client.operation({ name: 'validate', resourceType: 'Patient', input: { resourceType: 'Patient', gender: 'robot' } });
say('validate', valid.issue[0].severity === 'error');
const outcome = await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', gender: 'robot' } }).catch((error) => error);
say('an error is an outcome', JSON.stringify(outcome.response.data ?? outcome.response).includes('OperationOutcome'));
await client.delete({ resourceType: 'Patient', id: made.id });
const gone = await client.read({ resourceType: 'Patient', id: made.id }).catch((error) => error.response.status);
say('delete', gone === 410);
