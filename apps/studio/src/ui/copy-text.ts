/**
 * Puts a text into the clipboard. A page that came over plain HTTP from another machine has no `navigator.clipboard`; there a
 * selection is copied as by Ctrl C.
 * @param place an element of the window that has the focus: a field beside it is not taken for a click outside
 * @returns whether the browser took it
 */
export async function copyText(text: string, place: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text, place);
  }
}

function copySelection(text: string, place: HTMLElement): boolean {
  const back = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.setAttribute('aria-hidden', 'true');
  field.className = 'fixed top-0 left-0 size-px opacity-0';
  (place.parentElement ?? document.body).append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (back instanceof HTMLElement) back.focus({ preventScroll: true });
  }
}

/** Selects what an element shows, so that Ctrl C copies it. */
export function selectText(element: HTMLElement): void {
  const selection = getSelection();
  selection?.removeAllRanges();
  const range = document.createRange();
  range.selectNodeContents(element);
  selection?.addRange(range);
}
