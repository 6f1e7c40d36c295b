// Each test has processes of its own and wants the machine for itself, but for those that mostly wait for a rescue: they say so and
// come first, a few at a time.
[assembly: NonParallelizable]
[assembly: LevelOfParallelism(4)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
