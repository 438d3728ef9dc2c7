import {
  CreateComponentCommand,
  DeleteComponentCommand,
  GetComponentCommand,
  ImportComponentCommand,
  ListComponentBuildVersionsCommand,
  ListComponentsCommand,
} from '@aws-sdk/client-imagebuilder';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, type ImageServiceServer, region, serve } from '../serve.ts';
import { arn, componentData, createComponent, createRecipe } from './recipes.ts';

let served: ImageServiceServer;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served.close());

const getComponent = (componentBuildVersionArn: string) =>
  served.imagebuilder.send(new GetComponentCommand({ componentBuildVersionArn }));

describe('components', () => {
  it('get a slug, a type from their document and a build number', async () => {
    const created = await createComponent(served, 'Harden SSH_daemon', '1.2.0', componentData('test'));
    expect(created).toBe(arn('component/harden-ssh-daemon/1.2.0/1'));
    const { component, latestVersionReferences } = await getComponent(created);
    expect(component).toMatchObject({
      name: 'Harden SSH_daemon',
      version: '1.2.0',
      type: 'TEST',
      owner: account,
    });
    expect(latestVersionReferences?.latestMinorVersionArn).toBe(arn('component/harden-ssh-daemon/1.2.x'));
  });

  it('get a new build for new content of the same version, and refuse the same content', async () => {
    await createComponent(served, 'agent', '1.0.0');
    await expect(createComponent(served, 'AGENT', '1.0.0')).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceAlreadyExistsException' }),
    );
    const second = await createComponent(served, 'agent', '1.0.0', componentData('build', 'uptime'));
    expect(second).toBe(arn('component/agent/1.0.0/2'));
    const { component } = await getComponent(arn('component/agent/1.0.0'));
    expect(component?.arn).toBe(second);
  });

  it('resolve wildcards and names to the newest active version', async () => {
    for (const version of ['1.0.0', '1.2.0', '2.0.0']) await createComponent(served, 'agent', version);
    await served.control('set-component-status', {
      account,
      region,
      name: 'agent',
      version: '2.0.0',
      status: 'DEPRECATED',
    });
    for (const form of ['component/agent', 'component/agent/x.x.x', 'component/agent/1.x.x']) {
      const { component } = await getComponent(arn(form));
      expect(component?.arn).toBe(arn('component/agent/1.2.0/1'));
    }
    const { component } = await getComponent(arn('component/agent/2.0.0/1'));
    expect(component?.state?.status).toBe('DEPRECATED');
  });

  it('answer a dry run with an error that means success, and create nothing', async () => {
    const request = {
      name: 'agent',
      semanticVersion: '1.0.0',
      platform: 'Linux',
      data: componentData(),
      dryRun: true,
    } as const;
    await expect(served.imagebuilder.send(new CreateComponentCommand(request))).rejects.toThrow(
      expect.objectContaining({ name: 'DryRunOperationException' }),
    );
    await expect(getComponent(arn('component/agent/1.0.0'))).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
  });

  it('answer a repeated client token as the first time, and refuse it for something else', async () => {
    const request = {
      name: 'agent',
      semanticVersion: '1.0.0',
      platform: 'Linux',
      data: componentData(),
      clientToken: 'token-1',
    } as const;
    const first = await served.imagebuilder.send(new CreateComponentCommand(request));
    const again = await served.imagebuilder.send(new CreateComponentCommand(request));
    expect(again.componentBuildVersionArn).toBe(first.componentBuildVersionArn);
    await expect(
      served.imagebuilder.send(new CreateComponentCommand({ ...request, description: 'other' })),
    ).rejects.toThrow(expect.objectContaining({ name: 'IdempotentParameterMismatchException' }));
  });

  it.each([
    [{ semanticVersion: '1.0.x' }, 'InvalidVersionNumberException'],
    [{ name: 'a!' }, 'InvalidParameterValueException'],
    [{ data: 'schemaVersion: 1.0' }, 'InvalidParameterValueException'],
    [{ uri: 's3://bucket/key' }, 'InvalidParameterCombinationException'],
  ])('are refused with %j', async (change, name) => {
    const request = {
      name: 'agent',
      semanticVersion: '1.0.0',
      platform: 'Linux',
      data: componentData(),
      ...change,
    } as const;
    await expect(served.imagebuilder.send(new CreateComponentCommand(request))).rejects.toThrow(
      expect.objectContaining({ name }),
    );
  });

  it('are read from S3 by their uri', async () => {
    served.objects.set('parts/agent.yml', componentData('test'));
    const request = { name: 'agent', semanticVersion: '1.0.0', platform: 'Linux' } as const;
    const { componentBuildVersionArn = '' } = await served.imagebuilder.send(
      new CreateComponentCommand({ ...request, uri: 's3://parts/agent.yml' }),
    );
    expect((await getComponent(componentBuildVersionArn)).component?.type).toBe('TEST');
    await expect(
      served.imagebuilder.send(new CreateComponentCommand({ ...request, uri: 's3://parts/none.yml' })),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidParameterValueException' }));
  });

  it('are imported from shell scripts without a document', async () => {
    const { componentBuildVersionArn } = await served.imagebuilder.send(
      new ImportComponentCommand({
        name: 'script',
        semanticVersion: '1.0.0',
        type: 'BUILD',
        format: 'SHELL',
        platform: 'Linux',
        data: 'echo hello',
      }),
    );
    expect(componentBuildVersionArn).toBe(arn('component/script/1.0.0/1'));
  });

  it('are deleted only when no recipe uses the build', async () => {
    const base = await served.publishBase();
    const used = await createComponent(served, 'used');
    const unused = await createComponent(served, 'unused');
    await createRecipe(served, 'base', base, [used]);
    const remove = (componentBuildVersionArn: string) =>
      served.imagebuilder.send(new DeleteComponentCommand({ componentBuildVersionArn }));
    await expect(remove(used)).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceDependencyException' }),
    );
    await remove(unused);
    await expect(getComponent(unused)).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
  });
});

describe('lists of components', () => {
  it('show Amazon as the owner of what it publishes, and its new versions', async () => {
    const before = await getComponent(arn('component/update-linux/x.x.x', 'aws'));
    expect(before.component).toMatchObject({
      arn: arn('component/update-linux/1.0.2/1', 'aws'),
      owner: 'Amazon',
    });
    await served.control('publish-component-version', {
      name: 'update-linux',
      version: '1.0.3',
      regions: [region],
    });
    const after = await getComponent(arn('component/update-linux/x.x.x', 'aws'));
    expect(after.component?.arn).toBe(arn('component/update-linux/1.0.3/1', 'aws'));
    const { componentVersionList = [] } = await served.imagebuilder.send(
      new ListComponentsCommand({ owner: 'Amazon', filters: [{ name: 'name', values: ['update-linux'] }] }),
    );
    expect(componentVersionList.map((entry) => entry.arn)).toEqual(
      ['1.0.0', '1.0.2', '1.0.3'].map((version) => arn(`component/update-linux/${version}`, 'aws')),
    );
  });

  it('give version ARNs page by page, without deprecated ones', async () => {
    for (const name of ['one', 'two', 'three', 'four']) await createComponent(served, name);
    await served.control('set-component-status', {
      account,
      region,
      name: 'four',
      version: 'x.x.x',
      status: 'DEPRECATED',
    });
    const first = await served.imagebuilder.send(new ListComponentsCommand({ maxResults: 2 }));
    const second = await served.imagebuilder.send(
      new ListComponentsCommand({ maxResults: 2, nextToken: first.nextToken }),
    );
    const names = [first, second]
      .flatMap((page) => page.componentVersionList ?? [])
      .map((entry) => entry.name);
    expect(names).toEqual(['one', 'three', 'two']);
    expect(second.nextToken).toBeUndefined();
    await expect(
      served.imagebuilder.send(new ListComponentsCommand({ owner: 'Amazon', nextToken: first.nextToken })),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidPaginationTokenException' }));
  });

  it('refuse more than 25 entries a page and unknown filters', async () => {
    for (const request of [{ maxResults: 26 }, { filters: [{ name: 'colour', values: ['red'] }] }]) {
      await expect(served.imagebuilder.send(new ListComponentsCommand(request))).rejects.toThrow(
        expect.objectContaining({ name: 'InvalidParameterValueException' }),
      );
    }
  });

  it('show builds of own components only', async () => {
    await createComponent(served, 'agent');
    await createComponent(served, 'agent', '1.0.0', componentData('build', 'uptime'));
    const { componentSummaryList = [] } = await served.imagebuilder.send(
      new ListComponentBuildVersionsCommand({ componentVersionArn: arn('component/agent/1.0.0') }),
    );
    expect(componentSummaryList.map((entry) => entry.arn)).toEqual(
      [1, 2].map((build) => arn(`component/agent/1.0.0/${build}`)),
    );
    await expect(
      served.imagebuilder.send(
        new ListComponentBuildVersionsCommand({
          componentVersionArn: arn('component/update-linux/1.0.2', 'aws'),
        }),
      ),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequestException' }));
  });
});

describe('CloudTrail', () => {
  it('tells EventBridge of a component that was created, and of one that was not', async () => {
    await createComponent(served, 'agent', '1.3.0');
    await createComponent(served, 'agent', '1.3.0').catch(() => undefined);
    const [made, failed] = served.events.filter(
      (event) => event.detailType === 'AWS API Call via CloudTrail',
    );
    expect(made).toMatchObject({
      account,
      region,
      source: 'aws.imagebuilder',
      resources: [],
      detail: {
        eventSource: 'imagebuilder.amazonaws.com',
        eventName: 'CreateComponent',
        requestParameters: { name: 'agent', semanticVersion: '1.3.0' },
        responseElements: { componentBuildVersionArn: arn('component/agent/1.3.0/1') },
      },
    });
    expect(made?.detail).not.toHaveProperty('errorCode');
    expect(failed?.detail).toMatchObject({
      errorCode: 'ResourceAlreadyExistsException',
      responseElements: null,
    });
  });

  it('is silent where no trail logs', async () => {
    const without = await serve({ trail: false });
    await createComponent(without, 'agent');
    expect(without.events).toEqual([]);
    await without.close();
  });
});
