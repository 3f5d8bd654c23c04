/** Loaded into a process with `--import`: its clock goes wrong by `NOFX_TEST_CLOCK_MS`. */
const shift = Number(process.env['NOFX_TEST_CLOCK_MS']);
const Right = Date;
globalThis.Date = new Proxy(Right, {
  construct: (target, given, as) =>
    Reflect.construct(target, given.length === 0 ? [Right.now() + shift] : given, as) as object,
  get: (target, key, as) => (key === 'now' ? () => Right.now() + shift : Reflect.get(target, key, as)),
});
