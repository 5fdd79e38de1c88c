import type { ReactNode } from 'react';
import { Logo } from '@/components/Logo';
import './accounts.css';

/** A page for whoever is not signed in: nothing but what there is to do. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main id="content" className="card-page">
      <title>{`${title} · Incident Tracker`}</title>
      <div className="card">
        <p className="brand">
          <Logo size={28} />
          Incident Tracker
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
