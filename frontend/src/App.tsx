import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, useEffect } from 'react';
import { Navigate, Outlet, Route, Routes, useLocation } from 'react-router';
import { Layout } from '@/components/Layout';
import { PageBoundary } from '@/components/PageBoundary';
import { LostSession } from '@/features/accounts/components/LostSession';
import { PersonMenu } from '@/features/accounts/components/PersonMenu';
import { CommandTools } from '@/features/commands/components/CommandTools';
import { ActingHost } from '@/features/incidents/components/acting/ActingHost';
import { SearchBox } from '@/features/incidents/components/SearchBox';
import { ViewKeys } from '@/features/incidents/components/views/ViewKeys';
import { needsSignIn, onSignedIn, useSession } from '@/lib/session';
import { pageAfterSignIn } from '@/lib/sign-in-path';
import { IncidentListPage } from '@/pages/IncidentListPage';
import { NotFoundPage } from '@/pages/NotFoundPage';

// The list is what people open; the other pages come when they are asked for, or when the browser is idle.
const IncidentDetailPage = lazy(() => import('@/pages/IncidentDetailPage'));
const CreateIncidentPage = lazy(() => import('@/pages/CreateIncidentPage'));
const AccountPage = lazy(() => import('@/pages/AccountPage'));
const PeoplePage = lazy(() => import('@/pages/PeoplePage'));
const JoinPage = lazy(() => import('@/pages/JoinPage'));
const SignInPage = lazy(() => import('@/pages/SignInPage'));

export function App() {
  return (
    <Routes>
      <Route
        path="join"
        element={
          <Alone>
            <JoinPage />
          </Alone>
        }
      />
      <Route element={<Gate />}>
        <Route path="sign-in" element={<AfterSignIn />} />
        <Route element={<Layout search={<SearchBox />} person={<PersonMenu />} />}>
          <Route index element={<IncidentListPage />} />
          <Route path="incidents/new" element={<CreateIncidentPage />} />
          <Route path="incidents/:id" element={<IncidentDetailPage />} />
          <Route path="account" element={<AccountPage />} />
          <Route path="people" element={<PeoplePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Route>
    </Routes>
  );
}

/** The app for whoever may see it; signing in, in its place, for whoever has to do that first. */
function Gate() {
  const session = useSession();
  useFreshData();
  const isClosed = needsSignIn(session);
  if (isClosed === null) return null;
  if (isClosed) {
    return (
      <Alone>
        <SignInPage />
      </Alone>
    );
  }
  return (
    <>
      <Outlet />
      <ActingHost />
      <ViewKeys />
      <CommandTools />
      {session.session.mode === 'required' && <LostSession />}
    </>
  );
}

/** Whoever is signed in has no business on the page for that. */
function AfterSignIn() {
  const { search } = useLocation();
  const { isTold } = useSession();
  return isTold ? <Navigate to={pageAfterSignIn(search)} replace /> : null;
}

/** A page without the frame. */
function Alone({ children }: { children: ReactNode }) {
  return <PageBoundary>{children}</PageBoundary>;
}

/** What was refused for want of a session is asked for again. */
function useFreshData(): void {
  const client = useQueryClient();
  useEffect(() => onSignedIn(() => void client.invalidateQueries()), [client]);
}
