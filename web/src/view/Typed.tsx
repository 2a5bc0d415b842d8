/** Words with what is typed in them. */
export function Typed({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => at % 2 ? <code key={at}>{part}</code> : part)}</>;
}
