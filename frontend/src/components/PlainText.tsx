/** Markdown as it was written. */
export function PlainText({ text }: { text: string }) {
  return (
    <div className="markdown raw" dir="auto">
      {text}
    </div>
  );
}
