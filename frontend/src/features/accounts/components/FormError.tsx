export function FormError({ error }: { error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <p className="note bad" role="alert">
      {error}
    </p>
  );
}
