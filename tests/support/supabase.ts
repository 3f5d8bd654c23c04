import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { serve } from '../../src/http/server.ts';

/**
 * The part of Supabase's storage API that artifacts use, over real HTTP.
 * Paths, statuses and the characters a key may have: https://github.com/supabase/storage (`src/storage/limits.ts`).
 */
export async function startSupabase(options: { port?: number } = {}) {
  const serviceRoleKey = 'service-role-key';
  const buckets = new Map<string, { public: boolean; objects: Map<string, { bytes: Buffer; contentType: string }> }>();
  const requests: string[] = [];
  const signed = new Map<string, { path: string; until: number }>();
  const signedPath = /^\/storage\/v1\/object\/sign\//;
  let down = false;

  const keyAllowed = (key: string) => /^(\w|\/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)*$/.test(key);
  const fault = (status: number, error: string) =>
    Response.json({ statusCode: String(status), error, message: error }, { status: status === 404 ? 400 : status });

  const app = new Hono().basePath('/storage/v1');
  app.use(async (context, next) => {
    requests.push(`${context.req.method} ${context.req.path}`);
    if (down) return context.text('upstream connect error', 503);
    if (signedPath.test(context.req.path) && context.req.method === 'GET') return next();
    if (context.req.header('authorization') !== `Bearer ${serviceRoleKey}`) return fault(403, 'invalid signature');
    return next();
  });
  app.get('/bucket/:id', (context) => {
    const id = context.req.param('id');
    const bucket = buckets.get(id);
    return bucket ? context.json({ id, name: id, public: bucket.public }) : fault(404, 'Bucket not found');
  });
  app.post('/bucket', async (context) => {
    const { id, public: open } = await context.req.json<{ id: string; public: boolean }>();
    if (buckets.has(id)) return fault(409, 'The resource already exists');
    buckets.set(id, { public: open, objects: new Map() });
    return context.json({ name: id });
  });
  app.on(['POST', 'GET'], '/object/sign/:bucket/:key{.+}', async (context) => {
    const { bucket, key } = context.req.param();
    const object = buckets.get(bucket)?.objects.get(key);
    if (!object) return fault(404, 'Object not found');
    const path = `/object/sign/${bucket}/${key}`;
    if (context.req.method === 'POST') {
      const { expiresIn } = await context.req.json<{ expiresIn: number }>();
      const token = randomBytes(12).toString('hex');
      signed.set(token, { path, until: Date.now() + expiresIn * 1_000 });
      return context.json({ signedURL: `${path}?token=${token}` });
    }
    const leave = signed.get(context.req.query('token') ?? '');
    if (leave?.path !== path || leave.until < Date.now()) return fault(400, 'InvalidJWT');
    const download = context.req.query('download');
    return context.body(new Uint8Array(object.bytes), 200, {
      'Content-Type': object.contentType,
      ...(download !== undefined && { 'Content-Disposition': `attachment; filename="${download}"` }),
    });
  });
  app.on(['POST', 'GET'], '/object/:bucket/:key{.+}', async (context) => {
    const bucket = buckets.get(context.req.param('bucket'));
    const key = context.req.param('key');
    if (!bucket) return fault(404, 'Bucket not found');
    if (!keyAllowed(key)) return fault(400, 'InvalidKey');
    if (context.req.method === 'GET') {
      const object = bucket.objects.get(key);
      return object ? context.body(new Uint8Array(object.bytes)) : fault(404, 'Object not found');
    }
    if (bucket.objects.has(key) && context.req.header('x-upsert') !== 'true') return fault(409, 'Duplicate');
    const contentType = context.req.header('content-type') ?? '';
    bucket.objects.set(key, { bytes: Buffer.from(await context.req.arrayBuffer()), contentType });
    return context.json({ Id: 'x', Key: `${context.req.param('bucket')}/${key}` });
  });

  app.delete('/object/:bucket', async (context) => {
    const bucket = buckets.get(context.req.param('bucket'));
    if (!bucket) return fault(404, 'Bucket not found');
    const { prefixes } = await context.req.json<{ prefixes: string[] }>();
    return context.json(prefixes.filter((key) => bucket.objects.delete(key)).map((name) => ({ name })));
  });

  // Who signed in there, by the id of their user: https://supabase.com/docs/reference/javascript/auth-admin-getuserbyid
  const users = new Map<string, object>();
  const auth = new Hono().get('/auth/v1/admin/users/:id', (context) => {
    if (down) return context.text('upstream connect error', 503);
    if (context.req.header('apikey') !== serviceRoleKey) return context.json({}, 401);
    const user = users.get(context.req.param('id'));
    return user ? context.json(user) : context.json({}, 404);
  });
  const server = await serve(auth.route('/', app), { host: '127.0.0.1', port: options.port ?? 0 });
  return {
    options: { url: `http://127.0.0.1:${server.port}`, serviceRoleKey, bucket: 'nofx-artifacts' },
    buckets,
    users,
    requests,
    /** From now on every answer is a 503, or no longer. */
    setDown: (value: boolean) => void (down = value),
    close: server.close,
  };
}
