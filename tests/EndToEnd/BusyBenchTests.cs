namespace Messaging.Tests.EndToEnd;

/// <summary>The case of <c>./dev bench</c> that takes all processors, with servers of its own as people run it.</summary>
[Category("Alone")]
[NonParallelizable]
public sealed class BusyBenchTests
{
    [Test]
    public Task A_quick_run_of_the_benchmark_that_computes_works() => BenchTests.RunAsync("cpu-bound");
}
