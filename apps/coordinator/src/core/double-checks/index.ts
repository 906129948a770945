/**
 * A share of the results of edges, computed once more by another edge after their run has ended, and what came of it where the two differ.
 * Not here: whether a model's hash is believed (fleet/model-standing.ts), and what the result cache answers (state/result-cache.ts).
 * Begin with double-checks.ts; docs/decisions/0019 says what is compared.
 */
export { DoubleChecks } from './double-checks.ts';
