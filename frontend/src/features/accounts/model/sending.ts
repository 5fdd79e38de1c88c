import { useState } from 'react';
import { ApiError } from '@/api/problem';
import { isUnauthenticated } from '@/api/session';

/** What a form is doing: one sending at a time, and what was wrong with the last one. */
export function useSending() {
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const fields = error instanceof ApiError ? error.fields : {};

  /** Resolves to whether it was carried out. */
  async function send(work: () => Promise<unknown>): Promise<boolean> {
    if (isSending) return false;
    setIsSending(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      return false;
    } finally {
      setIsSending(false);
    }
  }

  return {
    isSending,
    send,
    /** Says so before anything is sent. */
    refuse: (words: string) => setError(new Error(words)),
    /** What the server has against one of these fields, the names of which may be nested. */
    errorOf: (field: string): string | undefined => fields[field]?.join(' '),
    /** What is wrong, where it is about none of these fields. */
    errorBeside: (...shown: string[]): string | undefined => {
      if (error === null || shown.some((field) => fields[field])) return undefined;
      return Object.values(fields).flat().join(' ') || inWords(error);
    },
  };
}

function inWords(error: Error): string {
  return isUnauthenticated(error)
    ? 'Your session had ended, so nothing was changed.'
    : error.message;
}
