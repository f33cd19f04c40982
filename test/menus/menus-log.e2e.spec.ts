import { ProcessApp } from '../support/process-app.js';

describe('security log of menus', () => {
  let app: ProcessApp;

  beforeAll(async () => {
    app = await ProcessApp.start();
  });

  afterAll(() => app.stop());

  it('names the member and the menu of a refused change', async () => {
    const [owner, other] = [app.client(), app.client()];
    await owner.signUpAndLogIn();
    const { id: memberId } = await other.signUpAndLogIn();
    const { body: menu } = await owner.post('/menus', { name: 'Mine', price: 1 });
    const { body: problem } = await other.delete(`/menus/${menu.id}`);
    await app.line('auth.refused');
    expect(app.lines.filter(({ event }) => event === 'auth.refused')).toEqual([
      expect.objectContaining({ code: 'menu.not-yours', menuId: menu.id, memberId, requestId: problem.requestId }),
    ]);
  });
});
