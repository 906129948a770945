import { type FailureLog, guarded } from '@atelier/background';
import { AtelierError, limits, type ServiceId } from '@atelier/protocol';

const answerMs = 15_000;

/** Questions of services for other services, each answered once: by the coordinator, or by the time that is over. */
export class Questions {
  readonly #log: FailureLog;
  readonly #open = new Map<string, NodeJS.Timeout>();

  constructor(log: FailureLog) {
    this.#log = log;
  }

  /** @returns whether it may be asked; if not, or if no answer comes, `refuse` is told why */
  ask(serviceId: ServiceId, request: number, refuse: (error: AtelierError) => void): boolean {
    const mine = [...this.#open.keys()].filter((name) => name.startsWith(serviceId));
    if (mine.length >= limits.questionsPerService || !Number.isSafeInteger(request) || request < 0) {
      refuse(new AtelierError('rate-limited', 'The service asks for too many others at once.', { hint: 'Wait for answers first.' }));
      return false;
    }
    const late = () => {
      this.#open.delete(nameOf(serviceId, request));
      refuse(new AtelierError('timeout', `The studio did not say in ${answerMs / 1000} s where the service is.`, { hint: 'Try again.' }));
    };
    this.#open.set(nameOf(serviceId, request), setTimeout(guarded(this.#log, 'a question that is overdue could not be given up', late), answerMs));
    return true;
  }

  /** @returns whether it was open; it is not any more */
  answered(serviceId: ServiceId, request: number): boolean {
    clearTimeout(this.#open.get(nameOf(serviceId, request)));
    return this.#open.delete(nameOf(serviceId, request));
  }

  close(): void {
    for (const timer of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }
}

const nameOf = (serviceId: ServiceId, request: number) => `${serviceId} ${request}`;
