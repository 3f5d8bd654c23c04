/** A fault to play on matching REST requests, before or after their effect. */
export type Fault = {
  /** Any method when absent. */
  method?: string;
  /** Tested on the path below `/api/v3`. */
  path: RegExp;
  /** 0 cuts the connection without an answer. */
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** True: the request does its work and only its answer is lost. */
  afterEffect?: boolean;
  /** How many requests; 1 when absent. */
  times?: number;
  /** Whether it strikes a request that fits; it does when absent. */
  strikes?(): boolean;
};

export type Faults = ReturnType<typeof createFaults>;

/** The faults still to be played; each request takes the first that fits. */
export function createFaults() {
  const waiting: (Fault & { left: number })[] = [];
  return {
    failNext(fault: Fault): void {
      waiting.push({ ...fault, left: fault.times ?? 1 });
    },
    take(method: string, path: string): Fault | undefined {
      const fault = waiting.find(
        (one) =>
          one.left > 0 &&
          (!one.method || one.method.toUpperCase() === method) &&
          one.path.test(path) &&
          (one.strikes?.() ?? true),
      );
      if (fault) fault.left -= 1;
      return fault;
    },
  };
}

/** The answer that a fault gives. */
export function faultResponse({ status, headers, body }: Fault): Response {
  const json = body ?? { message: WORDS[status] ?? 'Server Error', documentation_url: 'https://docs.github.com/rest' };
  return new Response(JSON.stringify(json), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });
}

const WORDS: Record<number, string> = {
  401: 'Bad credentials',
  403: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  404: 'Not Found',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  502: 'Server Error',
};
