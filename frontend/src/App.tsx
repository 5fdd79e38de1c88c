import { lazy } from 'react';
import { Route, Routes } from 'react-router';
import { Layout } from '@/components/Layout';
import { CommandTools } from '@/features/commands/components/CommandTools';
import { ActingHost } from '@/features/incidents/components/acting/ActingHost';
import { SearchBox } from '@/features/incidents/components/SearchBox';
import { ViewKeys } from '@/features/incidents/components/views/ViewKeys';
import { IncidentListPage } from '@/pages/IncidentListPage';
import { NotFoundPage } from '@/pages/NotFoundPage';

// The list is what people open; the other pages come when they are asked for, or when the browser is idle.
const IncidentDetailPage = lazy(() => import('@/pages/IncidentDetailPage'));
const CreateIncidentPage = lazy(() => import('@/pages/CreateIncidentPage'));

export function App() {
  return (
    <>
      <Routes>
        <Route element={<Layout search={<SearchBox />} />}>
          <Route index element={<IncidentListPage />} />
          <Route path="incidents/new" element={<CreateIncidentPage />} />
          <Route path="incidents/:id" element={<IncidentDetailPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
      <ActingHost />
      <ViewKeys />
      <CommandTools />
    </>
  );
}
