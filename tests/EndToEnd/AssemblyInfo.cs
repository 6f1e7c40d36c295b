// Each test has processes of its own and wants the machine for itself.
[assembly: NonParallelizable]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
