namespace Messaging.Tests.Support.Processes;

/// <summary>The signals the tests and <c>./dev</c> send, with their Linux numbers.</summary>
public enum UnixSignal
{
    /// <summary>Ctrl-C; Postgres: fast shutdown.</summary>
    Interrupt = 2,

    /// <summary>Postgres: immediate shutdown, without a checkpoint.</summary>
    Quit = 3,

    /// <summary>Dies on the spot; nothing is cleaned up.</summary>
    Kill = 9,

    /// <summary>Please stop: the process drains and ends.</summary>
    Terminate = 15,

    /// <summary>Goes on after <see cref="Stop"/>.</summary>
    Continue = 18,

    /// <summary>Freezes the process, as a long pause of the machine would.</summary>
    Stop = 19,
}
