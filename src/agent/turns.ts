import pLimit from 'p-limit';

/** A response, and a promise for when nobody reads it any more: a stream is not over when its headers are there. */
export type Sent = { response: Response; ended: Promise<void> };

/** Stands around a request, to watch it. Must send it, and give its response. */
export type AroundRequest = (model: string, send: () => Promise<Sent>) => Promise<Response>;

/**
 * Lets at most `most` requests be under way, each until its last byte was read; the others wait their turn. `around` sees
 * a request once it has it.
 */
export function createTurns(most: number, around: AroundRequest) {
  const turn = pLimit(most);
  return (model: string, send: () => Promise<Response>, signal?: AbortSignal): Promise<Response> => {
    const answered = Promise.withResolvers<Response>();
    // Those before it may take minutes, and it is not to wait for them once nobody wants it.
    const giveUp = () => answered.reject(signal?.reason);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    void turn(async () => {
      signal?.removeEventListener('abort', giveUp);
      if (signal?.aborted) return;
      let ended = Promise.resolve();
      const sendNow = async () => {
        const sent = untilRead(await send());
        ({ ended } = sent);
        return sent;
      };
      await around(model, sendNow).then(answered.resolve, answered.reject);
      await ended;
    });
    return answered.promise;
  };
}

function untilRead(response: Response): Sent {
  if (response.body === null) return { response, ended: Promise.resolve() };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const ended = response.body.pipeTo(writable).catch(() => {});
  return { response: new Response(readable, response), ended };
}
