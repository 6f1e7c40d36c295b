// Each test has processes of its own, and most wait for something most of the time: a few run at once. What measures time or memory, or takes
// all that the processors can do, has the category Alone and is not parallelizable.
[assembly: Parallelizable(ParallelScope.All)]
[assembly: LevelOfParallelism(3)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
