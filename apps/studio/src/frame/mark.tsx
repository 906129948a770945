/** The sign of Atelier: a chain over two machines. */
export function Mark({ className = '' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden className={className}>
      <path d="M6 22C11 22 11 10 16 10s5 12 10 12" stroke="var(--accent)" strokeWidth="2.6" strokeLinecap="round" />
      <circle cx="6" cy="22" r="3" fill="var(--text-hue)" />
      <circle cx="16" cy="10" r="3" fill="var(--image-hue)" />
      <circle cx="26" cy="22" r="3" fill="var(--video-hue)" />
    </svg>
  );
}
