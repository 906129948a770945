/** Where the focus was: the element, and its place in the list that it belongs to. */
interface Stand {
  readonly element: HTMLElement;
  readonly list: HTMLElement | null;
  readonly index: number;
}

/** So many places are remembered. */
const mostStands = 24;
const lists = 'ul, ol, [role="list"]';
const focusable = 'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"]';
/** What opens for a moment: nothing in it is a place to come back to. */
const passing = '[role="menu"], [role="listbox"], [role="tooltip"]';

/**
 * Keeps the focus from falling to nowhere. When what has it goes away (a window closes, an item is deleted, a menu hands over to a
 * window), it goes to the neighbour in the same list, or else to where it was before.
 * @returns stops that
 */
export function keepFocus(root: HTMLElement = document.body): () => void {
  let stands: Stand[] = [];
  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || target === root || target.closest(passing)) return;
    stands = [...stands.filter(({ element }) => element !== target), standOf(target)].slice(-mostStands);
  };
  let asked = 0;
  const look = () => {
    const last = stands.at(-1);
    if (!last || isThere(last.element) || document.activeElement !== root) return;
    cancelAnimationFrame(asked);
    // Whoever took it away may place the focus itself, in the same moment or the next.
    asked = requestAnimationFrame(() => {
      asked = requestAnimationFrame(() => {
        if (document.activeElement === root) successor(stands)?.focus({ preventScroll: true });
        stands = stands.filter(({ element }) => element.isConnected);
      });
    });
  };
  const observer = new MutationObserver(look);
  observer.observe(root, { childList: true, subtree: true });
  root.addEventListener('focusin', remember);
  return () => {
    observer.disconnect();
    root.removeEventListener('focusin', remember);
    cancelAnimationFrame(asked);
  };
}

function standOf(element: HTMLElement): Stand {
  const list = element.parentElement?.closest<HTMLElement>(lists) ?? null;
  return { element, list, index: list ? [...list.children].findIndex((child) => child.contains(element)) : -1 };
}

/** Where the focus goes on: beside the last place if its list is still there, else to the latest place that is. */
function successor(stands: readonly Stand[]): HTMLElement | undefined {
  const last = stands.at(-1);
  const beside = last?.list?.isConnected ? last.list.children[Math.min(last.index, last.list.children.length - 1)] : undefined;
  const neighbour = beside?.matches(focusable) ? (beside as HTMLElement) : beside?.querySelector<HTMLElement>(focusable);
  return neighbour ?? stands.findLast(({ element }) => isThere(element) && element.matches(focusable))?.element ?? document.getElementById('work') ?? undefined;
}

/** In the page, drawn, and not behind a window. */
const isThere = (element: HTMLElement) => element.isConnected && element.getClientRects().length > 0 && !element.closest('[inert], [aria-hidden="true"]');
