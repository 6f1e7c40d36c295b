using Messaging.Tests.Dev;
using Messaging.Tests.Dev.Test;
using Messaging.Tests.Dev.Up;
using Messaging.Tests.Support.Servers;

// The verbs of ./dev that need logic; the script builds first and passes its arguments on.
using var stopping = new StopSignals();
try
{
    return args switch
    {
        ["up", .. var options] => await UpCommand.RunAsync(UpOptions.Parse(options), stopping),
        ["test", .. var options] => await TestCommand.RunAsync(TestOptions.Parse(options), stopping),
        _ => throw new UsageException("Use ./dev help to see the verbs."),
    };
}
catch (UsageException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 2;
}
catch (ServerStartException failure)
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 1;
}
catch (OperationCanceledException) when (stopping.First.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}
