/**
 * What we use of @fugood/llama.node 1.7. That package points TypeScript at sources which do not pass our compiler's
 * checks, so tsconfig.json has it read this file instead; at run time the package itself is loaded.
 */
interface LlamaContext {
  getFormattedChat(
    messages: { role: string; content: string }[],
    template: string | undefined,
    options: { jinja: boolean; response_format?: ResponseFormat },
  ): Promise<{ type: 'jinja'; prompt: string; additional_stops: string[]; grammar?: string } | { type: 'llama-chat'; prompt: string }>;
  tokenize(text: string): Promise<{ tokens: Int32Array }>;
  clearCache(clearData: boolean): Promise<void>;
  completion(options: CompletionOptions, onToken: (piece: { token: string }) => void): Promise<Completion>;
  release(): Promise<void>;
}

interface ResponseFormat {
  type: 'json_schema';
  json_schema: { schema: unknown };
}

interface Completion {
  text: string;
  tokens_predicted: number;
  /** The context was full. */
  truncated: boolean;
  stopped_eos: boolean;
  /** It wrote as much as it was allowed; the package's own types spell it otherwise. */
  stopped_limited: boolean;
}

interface CompletionOptions {
  prompt: string;
  n_predict: number;
  temperature: number;
  top_p: number;
  top_k: number;
  seed: number;
  stop: string[];
  grammar?: string;
}

interface ModelOptions {
  model: string;
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_parallel: number;
  n_threads: number;
  n_gpu_layers: number;
  use_mmap: boolean;
}

export declare function loadModel(options: ModelOptions): Promise<LlamaContext>;
