/** Loaded into a process with `--import`: SIGUSR2 blocks its event loop for 30 seconds, as a computation without end would. */
process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
  console.log(JSON.stringify({ msg: 'the event loop goes on' }));
});
