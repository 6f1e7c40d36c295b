using System.Reflection;
using System.Text.RegularExpressions;
using Messaging.Infrastructure.Reconcile;

namespace Messaging.Tests.Unit.Infrastructure.Reconcile;

/// <summary>A marker judges by <c>queued_at</c>: whatever queues a task again must set it. (An insert has it from the column's default.)</summary>
public sealed partial class QueuedAtTests
{
    [Test]
    public void Every_update_that_queues_a_task_says_when()
    {
        var queuing = typeof(MarkerSql).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.IsLiteral && field.FieldType == typeof(string))
            .Select(field => (Name: $"{field.DeclaringType!.Name}.{field.Name}", Sql: (string)field.GetRawConstantValue()!))
            .SelectMany(statement => Update.Matches(statement.Sql).Select(update => (statement.Name, Set: update.Groups[1].Value)))
            .Where(update => Queues.IsMatch(update.Set))
            .ToArray();

        Assert.That(queuing.Select(q => q.Name), Is.SupersetOf(new[] { "PromoteSql.Promote", "FinishSql.HandBack" }), "the search must find them");
        Assert.That(queuing.Where(q => !q.Set.Contains("queued_at = clock_timestamp()", StringComparison.Ordinal)).Select(q => q.Name), Is.Empty);
    }

    [GeneratedRegex(@"UPDATE messaging\.open_tasks(?: \w+)?\s+SET (.*?)\s(?:FROM|WHERE)\s", RegexOptions.Singleline)]
    private static partial Regex Update { get; }

    [GeneratedRegex(@"(?:^|,\s*)state = (?:2\b|CASE\b[^,]*\b2\b)")]
    private static partial Regex Queues { get; }
}
