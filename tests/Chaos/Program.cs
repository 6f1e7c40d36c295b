using System.Runtime.InteropServices;
using Messaging.Tests.Chaos;
using Messaging.Tests.Support.Servers;

// ./dev chaos. Exit code 0: the ledger is right; 1: it is not, or a server did not come up; 2: wrong arguments; 130: stopped.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var options = ChaosOptions.Parse(args);
    await ServerPackages.EnsureAsync(Console.Out.WriteLine, stop.Token);
    var report = await new ChaosRun(options, Console.Out.WriteLine).RunAsync(stop.Token);
    report.Write(Console.Out);
    return report.IsClean ? 0 : 1;
}
catch (ArgumentException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 2;
}
catch (ServerStartException failure)
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
