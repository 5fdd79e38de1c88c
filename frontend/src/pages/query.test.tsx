import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let asked: Array<string | null>;

/** What the server would say about `sev:9`, and about nothing else. */
function mistakesIn(q: string) {
  const at = Array.from(q).join('').indexOf('sev:9');
  if (at < 0) return null;
  const start = Array.from(q.slice(0, at)).length + 4;
  return problem(422, {
    errors: { q: ['Must be one of: 1, 2, 3, 4; not ‘9’.'] },
    mistakes: [{ start, end: start + 1, message: 'Must be one of: 1, 2, 3, 4; not ‘9’.' }],
  });
}

beforeEach(() => {
  asked = [];
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const q = new URL(request.url).searchParams.get('q');
      asked.push(q);
      const mistaken = mistakesIn(q ?? '');
      if (mistaken) return HttpResponse.json(mistaken.body, mistaken.init);
      return HttpResponse.json(page([incident({ number: asked.length, title: `Found by ${q}` })]));
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/services', ({ request }) => {
      const search = new URL(request.url).searchParams.get('search') ?? '';
      const items = ['data lake', 'data-sync', 'ledger'].map((name, index) => ({
        name,
        open: index,
        total: 9,
      }));
      return HttpResponse.json({ items: items.filter(({ name }) => name.includes(search)) });
    }),
  );
});

const box = () => screen.getByRole('combobox', { name: 'Search incidents' });
const found = (q: string | null) => screen.findByRole('link', { name: `Found by ${q}` });
const chip = (name: RegExp) => screen.getByRole('button', { name });
const options = () => {
  const list = screen.queryByRole('listbox', { name: 'Completions' });
  return list
    ? within(list)
        .getAllByRole('option')
        .map((option) => option.textContent)
    : [];
};

async function open(at: string) {
  const app = renderApp(at);
  await screen.findAllByRole('row');
  await screen.findByText(/1–1 of/, { selector: '.range' });
  return app;
}

describe('the box and the chips', () => {
  test('stay in step both ways, and the rest of the text as it was typed', async () => {
    const { user, url } = await open('/?q=disk++status:open');
    expect(box()).toHaveValue('disk  status:open');
    await user.click(chip(/^SEV1/));
    expect(box()).toHaveValue('disk  status:open sev:1');
    expect(url()).toBe('/?q=disk++status:open+sev:1');
    await user.click(chip(/^SEV2/));
    await user.click(chip(/^Open/));
    expect(box()).toHaveValue('disk sev:1,2');

    await user.type(box(), ' -sev:1 owner:none ');
    await waitFor(() => expect(chip(/^SEV1/)).toHaveAttribute('aria-pressed', 'false'));
    expect(chip(/^SEV2/)).toHaveAttribute('aria-pressed', 'true');
    expect(chip(/^Owner/)).toHaveTextContent('Unassigned');
  });

  test('what is excluded is told on its chip', async () => {
    await open('/?q=-service:batch');
    expect(chip(/^Service/)).toHaveTextContent('not batch');
  });

  test('f leads to the first chip, and arrow keys go along them', async () => {
    const { user } = await open('/');
    await user.keyboard('f');
    expect(chip(/^SEV1/)).toHaveFocus();
    await user.keyboard('{ArrowRight}{ArrowRight}{ArrowLeft}');
    expect(chip(/^SEV2/)).toHaveFocus();
    await user.keyboard('{ArrowLeft}{ArrowLeft}');
    expect(chip(/^SEV1/)).toHaveFocus();
  });

  test('a link from before the query language shows as one', async () => {
    await open('/?severity=SEV1&search=disk');
    expect(box()).toHaveValue('status:open,mitigated sev:1 disk');
    await found('status:open,mitigated sev:1 disk');
    expect(chip(/^SEV1/)).toHaveAttribute('aria-pressed', 'true');
  });
});

describe('typing', () => {
  test('/ begins a term of its own, behind what is there', async () => {
    const { user } = await open('/');
    await user.keyboard('/');
    expect(box()).toHaveFocus();
    await user.keyboard('disk');
    expect(box()).toHaveValue('status:open,mitigated disk');
    await found('status:open,mitigated disk');
  });

  test('a term is not asked for before it can be read; Enter asks all the same', async () => {
    const { user, url } = await open('/?q=disk');
    await user.type(box(), ' status:op');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(url()).toBe('/?q=disk');
    await user.keyboard('en');
    await waitFor(() => expect(url()).toBe('/?q=disk+status:open'));
    await user.keyboard(' sev:9{Enter}');
    expect(url()).toBe('/?q=disk+status:open+sev:9');
    expect(asked).not.toContain('disk status:op');
  });

  test('what an input method composes is not asked for before it is done', async () => {
    const { url } = await open('/?q=');
    box().focus();
    fireEvent.compositionStart(box());
    fireEvent.change(box(), { target: { value: 'しょ' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(url()).toBe('/?q=');
    fireEvent.compositionEnd(box());
    await waitFor(() => expect(new URLSearchParams(url().slice(1)).get('q')).toBe('しょ'));
  });

  test('Escape takes back what was not sent, then the words, then leaves', async () => {
    const { user, url } = await open('/?q=disk+sev:1');
    await user.type(box(), ' owner:{Escape}{Escape}');
    expect(box()).toHaveValue('disk sev:1');
    await user.keyboard('{Escape}');
    expect(box()).toHaveValue('sev:1');
    expect(url()).toBe('/?q=sev:1');
    await user.keyboard('{Escape}');
    expect(box()).not.toHaveFocus();
    expect(url()).toBe('/?q=sev:1');
  });

  test('Escape in the list takes the words away, and leaves the filters', async () => {
    const { user, url } = await open('/?q=disk+sev:1');
    (await found('disk sev:1')).focus();
    await user.keyboard('{Escape}');
    expect(url()).toBe('/?q=sev:1');
    await user.keyboard('{Escape}');
    expect(url()).toBe('/?q=sev:1');
  });

  test('a key among the filters and Enter opens the incident', async () => {
    server.use(http.get('/api/incidents/INC-9', () => new HttpResponse(null, { status: 404 })));
    const { user, url } = await open('/');
    await user.keyboard('/inc-9{Enter}');
    expect(url()).toBe('/incidents/INC-9');
    await screen.findByRole('heading', { name: 'There is no incident INC-9' });
    // From there Enter leads back to the list, of what is not resolved unless it says otherwise.
    await user.type(box(), 'disk{Enter}');
    expect(url()).toBe('/?q=status:open,mitigated+disk');
  });
});

describe('a mistake', () => {
  test('is pointed at where it stands, in code points, while the rows stay', async () => {
    const { user } = await open('/?q=🔥');
    await user.type(box(), ' sev:9 ');
    await waitFor(() => expect(box()).toHaveAttribute('aria-invalid', 'true'));
    expect(box()).toHaveAccessibleDescription('9 Must be one of: 1, 2, 3, 4; not ‘9’.');
    expect(document.querySelector('.mistake')).toHaveTextContent(/^9$/);
    expect(screen.getByRole('link', { name: 'Found by 🔥' })).toBeInTheDocument();
    expect(screen.queryByText(/out of date|Trying again/)).toBeNull();

    // It is told until it is mended, whatever is written behind it.
    await user.keyboard('x');
    expect(box()).toHaveAttribute('aria-invalid', 'true');
    await user.keyboard('{Backspace}{Backspace}{Backspace}');
    expect(box()).toHaveAttribute('aria-invalid', 'false');
    await user.keyboard('1');
    await found('🔥 sev:1');
  });

  test('of a link leaves no rows, and says so', async () => {
    renderApp('/?q=sev:9');
    const heading = await screen.findByRole('heading', { name: 'The search cannot be read' });
    expect(heading.parentElement).toHaveTextContent('Must be one of: 1, 2, 3, 4');
    expect(screen.queryByRole('status', { name: 'Loading incidents' })).toBeNull();
    expect(screen.getByRole('link', { name: 'Open' })).not.toHaveAttribute('aria-current');
  });
});

describe('completion', () => {
  test('offers fields, then values; Enter and Tab take what the arrows have reached', async () => {
    const { user } = await open('/?q=');
    await user.type(box(), 's');
    await waitFor(() => expect(options()).toHaveLength(3));
    expect(box()).toHaveAttribute('aria-expanded', 'true');
    expect(box()).not.toHaveAttribute('aria-activedescendant');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    const active = document.getElementById(box().getAttribute('aria-activedescendant') ?? '');
    expect(active).toHaveTextContent('status:');
    expect(active).toHaveAttribute('aria-selected', 'true');
    fireEvent.keyDown(box(), { key: 'Enter', keyCode: 229 });
    expect(box()).toHaveValue('s');
    await user.keyboard('{Enter}');
    expect(box()).toHaveValue('status:');
    expect(options()).toEqual(['open10', 'mitigated20', 'resolved30']);
    await user.keyboard('r{ArrowDown}{Tab}');
    expect(box()).toHaveValue('status:resolved');
    expect(box()).toHaveFocus();
    expect(options()).toEqual([]);
    await found('status:resolved');
    // What is there already is not offered twice.
    await user.keyboard(',{ArrowUp}{Enter}');
    expect(box()).toHaveValue('status:resolved,mitigated');
  });

  test('names are quoted where they must be, and found without their quotes', async () => {
    const { user } = await open('/?q=');
    await user.type(box(), 'service:data');
    await waitFor(() => expect(options()).toEqual(['data lake', 'data-sync1 open']));
    await user.click(screen.getByRole('option', { name: 'data lake' }));
    expect(box()).toHaveValue('service:"data lake"');
    await user.keyboard(' owner:doe');
    await waitFor(() => expect(options()).toEqual(['Doe, Jane3']));
    await user.keyboard('{ArrowDown}{Enter}');
    expect(box()).toHaveValue('service:"data lake" owner:"Doe, Jane"');
  });

  test('owners begin with me and nobody, times with what is usual', async () => {
    setDisplayName('Ana');
    const { user } = await open('/?q=');
    await user.type(box(), 'owner:');
    await waitFor(() => expect(options().slice(0, 2)).toEqual(['meAna', 'noneunassigned4']));
    await user.keyboard('me created:<3');
    expect(options()).toContain('<3hwithin the last 3 hours');
  });

  test('what the arrows have reached stays reached when others take its place', async () => {
    let owners = ['Ana', 'Emil'];
    server.use(
      http.get('/api/incidents/facets', () => {
        const owner = owners.map((value) => ({ value, count: 1 }));
        return HttpResponse.json({ ...facets, owner });
      }),
    );
    const { user, client } = await open('/?q=');
    await user.type(box(), 'owner:');
    await waitFor(() => expect(options()).toEqual(['noneunassigned', 'Ana1', 'Emil1']));
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
    owners = ['Emil', 'Zoë', 'Ana'];
    await act(() => client.invalidateQueries());
    await waitFor(() => expect(options()).toEqual(['noneunassigned', 'Emil1', 'Zoë1', 'Ana1']));
    await user.keyboard('{Enter}');
    expect(box()).toHaveValue('owner:Emil');
  });

  test('Escape closes it first; Enter without a choice searches', async () => {
    const { user, url } = await open('/?q=');
    await user.type(box(), 's');
    await waitFor(() => expect(options()).toHaveLength(3));
    await user.keyboard('{Escape}');
    expect(options()).toEqual([]);
    expect(box()).toHaveValue('s');
    expect(box()).toHaveAttribute('aria-expanded', 'false');
    await user.keyboard('e{Enter}');
    expect(url()).toBe('/?q=se');
    expect(box()).toHaveValue('se');
  });

  test('of nothing is offered on demand only', async () => {
    const { user } = await open('/?q=');
    await user.type(box(), 'disk ');
    expect(options()).toEqual([]);
    await user.keyboard('{ArrowDown}');
    expect(options()).toHaveLength(6);
    expect(within(screen.getByRole('listbox')).getAllByRole('option')[0]).toHaveTextContent('sev:');
  });
});

test('another name asks for other incidents, where the query says me', async () => {
  setDisplayName('Ana');
  await open('/?q=owner:me');
  act(() => setDisplayName('Zoë'));
  await waitFor(() => expect(asked).toEqual(['owner:me', 'owner:me']));
});
