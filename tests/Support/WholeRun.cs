namespace Messaging.Tests.Support;

/// <summary>Whether all tests run or only some that were asked for; <c>./dev test</c> says so.</summary>
public static class WholeRun
{
    /// <summary>The variable; <c>true</c>: all run.</summary>
    public const string Variable = "MESSAGING_TESTS_ALL";

    /// <summary>True if all run.</summary>
    public static bool Now => Environment.GetEnvironmentVariable(Variable) == "true";
}
