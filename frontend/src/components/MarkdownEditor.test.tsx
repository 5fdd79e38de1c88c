import { render, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { MarkdownText } from './MarkdownEditor';

vi.mock('./Markdown', () => {
  throw new Error('Failed to fetch dynamically imported module');
});

test('without its renderer the text is there as it was written, and the page stays', async () => {
  render(
    <main>
      <h1>Incidents</h1>
      <MarkdownText text="It is **down**" />
    </main>,
  );
  const text = () => screen.getByText('It is **down**');
  // It stands in for what is on its way, and then for what did not come.
  const meanwhile = text();
  await waitFor(() => expect(text()).not.toBe(meanwhile));
  expect(screen.getByRole('heading', { name: 'Incidents' })).toBeVisible();
});
