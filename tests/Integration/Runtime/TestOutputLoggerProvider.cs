using Microsoft.Extensions.Logging;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>What a worker logs stands in the output of the test that ran it.</summary>
internal sealed class TestOutputLoggerProvider : ILoggerProvider, ILogger
{
    private readonly TextWriter _output = TestContext.Out;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            _output.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
