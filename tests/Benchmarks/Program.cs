using System.Runtime.InteropServices;
using Messaging.Tests.Benchmarks;
using Messaging.Tests.Benchmarks.Cases;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Support.Servers;

// The same program is the benchmark and, started by itself, each process of it that is not the product's own.
if (args is [RoleLoop.Verb, var role])
    return await RoleLoop.RunAsync(role);

if (args is ["--help" or "-h"])
{
    Console.WriteLine(BenchCommand.Usage(BenchCases.All));
    return 0;
}

if (BenchCommand.Parse(args, BenchCases.All, out var wrong) is not { } command)
{
    await Console.Error.WriteLineAsync($"{wrong}\n\n{BenchCommand.Usage(BenchCases.All)}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await ServerPackages.EnsureAsync(Console.WriteLine, stop.Token);
    foreach (var benchCase in command.Cases)
    {
        var result = await benchCase.RunAsync(command.Settings, stop.Token);
        result.Write(Console.Out);
        if (!command.Settings.Quick)
            await Baseline.CompareAsync(result, Console.Out, stop.Token);
        if (command.Settings.SaveBaseline)
            Console.WriteLine($"The new baseline is in {Path.GetRelativePath(".", await Baseline.SaveAsync(result, stop.Token))}");
        Console.WriteLine($"Written to {Path.GetRelativePath(".", await ResultFile.WriteAsync(result, command.Settings.OutputFolder, stop.Token))}");
    }

    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}
catch (Exception e) when (e is BenchFailedException or ServerStartException)
{
    await Console.Error.WriteLineAsync($"FAILED: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
